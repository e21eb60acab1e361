import { groupIdOf } from '../../domain/group-id.js';
import { codeOf } from '../../pointers/alike.js';
import type { DlqEntry } from '../../pointers/entry.js';

/** What a dead letter says about its group. */
export interface GroupLabel {
  /** An id of its group, as `dlq groups` and `group:` have it: that of the shape of this one. */
  readonly group: string;
  /** Name of the error. */
  readonly name: string;
  /** What the error says besides: `ECONNREFUSED`, `550`; null: nothing. */
  readonly code: string | null;
}

/** Labels of dead letters that are shown together: those of one kind are made once. */
export class GroupLabels {
  private readonly known = new Map<string, Pick<GroupLabel, 'group' | 'code'>>();

  of(entry: DlqEntry): GroupLabel {
    const { consumer, fingerprint } = entry.letter;
    const { name, code, fingerprintBy } = entry.pointer?.failure ?? { name: 'Error' };
    // What a handler calls alike may say anything.
    const key = `${consumer} ${fingerprint}`;
    let label = fingerprintBy === 'handler' ? undefined : this.known.get(key);
    if (!label) {
      label = { group: groupIdOf(consumer, fingerprint), code: codeOf(entry) };
      this.known.set(key, label);
    }
    return { group: label.group, name, code: code ?? label.code };
  }
}
