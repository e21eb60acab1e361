import type { Alike } from '../domain/selection/match.js';
import { statusesMeant } from '../domain/selection/narrow.js';
import { exactTexts } from '../domain/selection/pattern.js';
import type { Term } from '../domain/selection/selection.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { Kinds } from '../pointers/alike.js';
import type { DlqEntry } from '../pointers/entry.js';
import { readLetters } from '../pointers/read-letters.js';
import { readGroupDocuments } from './group-documents.js';
import { type FoundGroups, GroupKinds } from './group-kinds.js';

const wholeFingerprint = /^[0-9a-f]{12}$/;

const asksForGroup = (term: Term): boolean =>
  term.key === 'group' ||
  term.key === 'fingerprint' ||
  (term.key === 'reason' && exactTexts(term).some((text) => wholeFingerprint.test(text)));

/** Which dead letters belong together, as far as they have been seen. */
export class AlikeSoFar implements Alike {
  private readonly kinds = new Kinds();
  private found:
    | { readonly groups: FoundGroups; readonly reasons: ReadonlyMap<string, string[]> }
    | undefined;

  constructor(private readonly groups: GroupKinds) {}

  add(entry: DlqEntry): void {
    const isNew = [this.groups.add(entry), this.kinds.add(entry)];
    if (isNew.includes(true)) this.found = undefined;
  }

  readonly fingerprintsOf = (fingerprint: string): readonly string[] =>
    this.renewed.reasons.get(fingerprint) ?? [fingerprint];

  readonly groupsOf = (consumer: string, fingerprint: string): readonly string[] =>
    this.renewed.groups.idsOf(consumer, fingerprint);

  /** All groups and fingerprints, also of those of which something is known and no dead letter is left. */
  get known(): Pick<FoundGroups, 'groups' | 'fingerprints'> {
    return this.renewed.groups;
  }

  /** One more fingerprint may put two groups together. */
  private get renewed(): NonNullable<typeof this.found> {
    this.found ??= { groups: this.groups.find(), reasons: membersOf(this.kinds.leads()) };
    return this.found;
  }
}

/** By each fingerprint, all that lead to the same one; they share one list. */
function membersOf(leads: ReadonlyMap<string, string>): ReadonlyMap<string, string[]> {
  const byLead = new Map<string, string[]>();
  const members = new Map<string, string[]>();
  for (const [fingerprint, lead] of leads) {
    const shared = byLead.get(lead) ?? [];
    shared.push(fingerprint);
    byLead.set(lead, shared);
    members.set(fingerprint, shared);
  }
  return members;
}

/**
 * Which dead letters belong together, as `dlq groups` has it. That shows only when all have been seen, so all of the DLQ
 * is read once more; undefined: no term asks for it.
 */
export async function alikeFor(
  pipeline: Pipeline,
  terms: readonly Term[],
  signal: AbortSignal | undefined,
): Promise<AlikeSoFar | undefined> {
  if (!terms.some(asksForGroup)) return undefined;
  // A group is of those in the DLQ; one that is archived belongs to the group that it was in there.
  const statuses = statusesMeant(terms).includes('archived')
    ? (['dead', 'archived'] as const)
    : ['dead' as const];
  const alike = new AlikeSoFar(new GroupKinds(await readGroupDocuments(pipeline)));
  for await (const { entries } of readLetters(pipeline, { statuses, signal })) {
    for (const entry of entries) alike.add(entry);
  }
  return alike;
}
