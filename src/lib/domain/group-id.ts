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
