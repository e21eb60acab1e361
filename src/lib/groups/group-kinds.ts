import type { GroupDocument } from '../domain/group-document.js';
import { groupIdOf } from '../domain/group-id.js';
import type { Kind } from '../domain/fingerprint-similar.js';
import type { DlqEntry } from '../pointers/entry.js';
import { Kinds } from '../pointers/alike.js';

/** Which kinds of failures are one group, once all have been seen. */
export interface FoundGroups {
  /** The fingerprint that stands for the group: that which died first. */
  readonly leadOf: (consumer: string, fingerprint: string) => string;
  /** The ids of all of its shapes, that of the first one first. */
  readonly idsOf: (consumer: string, fingerprint: string) => readonly string[];
  readonly kindOf: (consumer: string, fingerprint: string) => Kind | undefined;
  /** Of each group the ids of all of its shapes. */
  readonly groups: readonly (readonly string[])[];
  readonly fingerprints: readonly string[];
}

/** The kinds of failures of each consumer. A group is of one consumer. */
export class GroupKinds {
  private readonly byConsumer = new Map<string, Kinds>();

  /** Groups that were told or decided about keep their place, so that their ids stay. */
  constructor(documents: Iterable<GroupDocument> = []) {
    for (const document of documents) this.remember(document);
  }

  remember({ consumer, kind }: Pick<GroupDocument, 'consumer' | 'kind'>): void {
    this.of(consumer).remember(kind);
  }

  /** False: its consumer had one like it before. */
  add(entry: DlqEntry): boolean {
    return this.of(entry.letter.consumer).add(entry);
  }

  find(): FoundGroups {
    const members = new Map<string, ConsumerGroups>();
    for (const [consumer, kinds] of this.byConsumer) members.set(consumer, groupsOf(consumer, kinds));
    return {
      leadOf: (consumer, fingerprint) => members.get(consumer)?.leads.get(fingerprint) ?? fingerprint,
      idsOf: (consumer, fingerprint) =>
        members.get(consumer)?.ids.get(fingerprint) ?? [groupIdOf(consumer, fingerprint)],
      kindOf: (consumer, fingerprint) => this.byConsumer.get(consumer)?.get(fingerprint),
      groups: [...members.values()].flatMap(({ ids }) => [...new Set(ids.values())]),
      fingerprints: [...members.values()].flatMap(({ leads }) => [...leads.keys()]),
    };
  }

  private of(consumer: string): Kinds {
    let kinds = this.byConsumer.get(consumer);
    if (!kinds) {
      kinds = new Kinds();
      this.byConsumer.set(consumer, kinds);
    }
    return kinds;
  }
}

interface ConsumerGroups {
  readonly leads: ReadonlyMap<string, string>;
  /** By fingerprint; all of a group share one list. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
}

function groupsOf(consumer: string, kinds: Kinds): ConsumerGroups {
  const leads = kinds.leads();
  const byLead = new Map<string, string[]>();
  const ids = new Map<string, readonly string[]>();
  for (const [fingerprint, lead] of leads) {
    const shared = byLead.get(lead) ?? [];
    shared.push(groupIdOf(consumer, fingerprint));
    byLead.set(lead, shared);
    ids.set(fingerprint, shared);
  }
  return { leads, ids };
}
