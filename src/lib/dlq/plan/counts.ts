import { groupIdOf } from '../../domain/group-id.js';
import { GroupKinds } from '../../groups/group-kinds.js';
import type { DlqEntry } from '../../pointers/entry.js';

interface Count {
  readonly name: string;
  readonly count: number;
}

/** How many there are of each, under a name that people read. */
export class Counter {
  private readonly counts = new Map<string, Count>();

  add(identity: string, name = identity): void {
    this.counts.set(identity, { name, count: (this.counts.get(identity)?.count ?? 0) + 1 });
  }

  /** `leads`: which identity stands for which others. Without it: each for itself. */
  sorted(leads?: ReadonlyMap<string, string>): (Count & { readonly id: string })[] {
    const groups = new Map<string, Count & { readonly id: string }>();
    for (const [identity, { name, count }] of this.counts) {
      const lead = leads?.get(identity) ?? identity;
      groups.set(lead, { id: lead, name, count: count + (groups.get(lead)?.count ?? 0) });
    }
    return [...groups.values()].toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  }
}

/** Counts by group; what is alike is found when all have been seen. */
export class GroupsFound {
  private readonly counter = new Counter();
  private readonly kinds = new GroupKinds();
  private readonly shapes = new Map<string, Pick<DlqEntry['letter'], 'consumer' | 'fingerprint'>>();

  add(entry: DlqEntry): void {
    const { consumer, fingerprint, reason } = entry.letter;
    const id = groupIdOf(consumer, fingerprint);
    this.counter.add(id, reason);
    this.kinds.add(entry);
    if (!this.shapes.has(id)) this.shapes.set(id, { consumer, fingerprint });
  }

  sorted(): ReturnType<Counter['sorted']> {
    const found = this.kinds.find();
    const leads = Array.from(this.shapes, ([id, { consumer, fingerprint }]) => {
      const [lead = id] = found.idsOf(consumer, fingerprint);
      return [id, lead] as const;
    });
    return this.counter.sorted(new Map(leads));
  }
}
