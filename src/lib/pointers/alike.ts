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

/** All fingerprints of the group of each, as far as dead letters have been seen. */
export class GroupIds {
  private readonly kinds = new Kinds();
  private readonly seen = new Set<string>();
  private leads: ReadonlyMap<string, string> = new Map();
  private members = new Map<string, string[]>();
  private isOld = false;

  add(entry: DlqEntry): void {
    const { fingerprint } = entry.letter;
    if (this.seen.has(fingerprint)) return;
    this.seen.add(fingerprint);
    this.kinds.add(entry);
    this.isOld = true;
  }

  readonly idsOf = (fingerprint: string): readonly string[] => {
    if (this.isOld) this.renew();
    return this.members.get(this.leads.get(fingerprint) ?? fingerprint) ?? [fingerprint];
  };

  /** One more fingerprint may put two groups together. */
  private renew(): void {
    this.isOld = false;
    this.leads = this.kinds.leads();
    this.members = new Map();
    for (const [fingerprint, lead] of this.leads)
      this.members.set(lead, [...(this.members.get(lead) ?? []), fingerprint]);
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
): Promise<GroupIds | undefined> {
  if (!terms.some(asksForGroup)) return undefined;
  const groups = new GroupIds();
  for await (const { messages } of read()) {
    for (const message of messages) groups.add(readEntry(config, message));
  }
  return groups;
}
