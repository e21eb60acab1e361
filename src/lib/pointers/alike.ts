import { shapeOf } from '../domain/fingerprint-shape.js';
import { alikeKinds, type Kind } from '../domain/fingerprint-similar.js';
import type { PipelineConfig } from '../config/resolved.js';
import { exactTexts } from '../domain/selection/pattern.js';
import type { Term } from '../domain/selection/selection.js';
import type { readPages } from '../nats/read/read-stream.js';
import { type DlqEntry, readEntry } from './entry.js';

/** The fingerprints of dead letters, in the order in which they died, and which of them belong together. */
export class Kinds {
  private readonly found = new Map<string, Kind>();

  add({ letter, pointer }: DlqEntry): void {
    const { fingerprint } = letter;
    if (this.found.has(fingerprint)) return;
    const { name = '', message = '', code, fingerprintBy } = pointer?.failure ?? {};
    // What a handler calls alike is alike, and nothing else.
    const shape = fingerprintBy === 'shape' ? shapeOf(message) : { words: [], codes: [], fixed: [] };
    const codes = shape.codes.length > 0 ? shape.codes.join(' ') : (code ?? '');
    this.found.set(fingerprint, { fingerprint, name, code: codes, shape });
  }

  /** Of each fingerprint the one that stands for its group: that which died first. */
  leads(): ReadonlyMap<string, string> {
    return alikeKinds([...this.found.values()]);
  }
}

const wholeFingerprint = /^[0-9a-f]{12}$/;

const asksForGroup = (term: Term): boolean =>
  term.key === 'group' ||
  term.key === 'fingerprint' ||
  (term.key === 'reason' && exactTexts(term).some((text) => wholeFingerprint.test(text)));

/**
 * All fingerprints of the group of each. Which belong together shows only when all have been seen, so they are read once
 * more; undefined: no term asks for it.
 */
export async function idsOfGroups(
  config: PipelineConfig,
  terms: readonly Term[],
  read: () => ReturnType<typeof readPages>,
): Promise<((fingerprint: string) => readonly string[]) | undefined> {
  if (!terms.some(asksForGroup)) return undefined;
  const kinds = new Kinds();
  for await (const { messages } of read()) {
    for (const message of messages) kinds.add(readEntry(config, message));
  }
  const leads = kinds.leads();
  const members = new Map<string, string[]>();
  for (const [fingerprint, lead] of leads) members.set(lead, [...(members.get(lead) ?? []), fingerprint]);
  return (fingerprint) => members.get(leads.get(fingerprint) ?? fingerprint) ?? [fingerprint];
}
