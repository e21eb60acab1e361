import { hash } from 'node:crypto';

/**
 * The id of the group that a failure of a consumer begins: 12 hexadecimal digits. Not the fingerprint itself, which
 * several consumers may have: what is selected, noted or muted by an id is of one consumer.
 */
export function groupIdOf(consumer: string, fingerprint: string): string {
  if (last.consumer === consumer && last.fingerprint === fingerprint) return last.id;
  const id = hash('sha256', `group\n${consumer}\n${fingerprint}`).slice(0, 12);
  last = { consumer, fingerprint, id };
  return id;
}

/** The one that was asked for last: where much dies, it dies alike. */
let last = { consumer: '', fingerprint: '', id: '' };

const nearestShown = 3;

/** The ids that are the most like one that nothing has. */
export function nearestGroups(id: string, ids: readonly string[]): string[] {
  return ids.toSorted((a, b) => sharedWith(id, b) - sharedWith(id, a)).slice(0, nearestShown);
}

/** At how many places two ids are the same. */
function sharedWith(id: string, other: string): number {
  return Array.from(id).filter((char, at) => char === other[at]).length;
}
