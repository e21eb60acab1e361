import type { GroupChange, GroupDocument } from './group-document.js';

/** What a person decides about a group. */
export type GroupDecision =
  | {
      /** Seen: it is no longer new, nor back. */
      readonly do: 'ack';
    }
  | {
      /** Seen, and nobody is to be told of it for a while. */
      readonly do: 'mute';
      /** An ISO time; `100x`, so many more dead letters; or `deploy`, the next `pipeline apply`. */
      readonly until: string;
    }
  | {
      /** Whoever is told of groups is told of it again. */
      readonly do: 'unmute';
    }
  | {
      /** Somebody looks after it. */
      readonly do: 'assign';
      /** Null: nobody. */
      readonly to: string | null;
    }
  | {
      /** A note, instead of the one before. */
      readonly do: 'note';
      /** Null: none. */
      readonly text: string | null;
    };

/** Who decides, when, and as part of which incident. */
export interface DecidedBy {
  /** ISO. */
  readonly at: string;
  readonly by: string;
  /** The newest dead letter that is known by then. */
  readonly dlqSeq: number;
  readonly incident?: string;
}

/** More than these changes are not kept. */
const mostChanges = 50;
const longestInHistory = 200;

/** The group with the decision in it; undefined: it stands already. */
export function decided(
  group: GroupDocument,
  decision: GroupDecision,
  { at, by, dlqSeq, incident }: DecidedBy,
): GroupDocument | undefined {
  const seen = { at, dlqSeq };
  const changes: Partial<GroupDocument>[] = [];
  const said: string[] = [];
  const change = (facts: Partial<GroupDocument>, did: string): void => {
    changes.push(facts);
    said.push(did);
  };
  switch (decision.do) {
    case 'ack':
      if ((group.acked?.dlqSeq ?? -1) < dlqSeq) change({ acked: seen }, 'acknowledged');
      break;
    case 'mute':
      // `100x` and `deploy` are counted from now on: said again, they begin again.
      if (group.mute?.until !== decision.until || Number.isNaN(Date.parse(decision.until)))
        change({ acked: seen, mute: { ...seen, until: decision.until } }, `muted until ${decision.until}`);
      break;
    case 'unmute':
      if (group.mute) change({ mute: null }, 'unmuted');
      break;
    case 'assign':
      if (group.assignee !== decision.to)
        change(
          { assignee: decision.to },
          decision.to === null ? 'assigned to nobody' : `assigned to ${decision.to}`,
        );
      break;
    case 'note':
      if (group.note !== decision.text)
        change(
          { note: decision.text },
          decision.text === null ? 'removed the note' : `noted: ${decision.text.slice(0, longestInHistory)}`,
        );
      break;
  }
  if (incident !== undefined && group.incident !== incident) change({ incident }, `incident ${incident}`);
  if (changes.length === 0) return undefined;
  const history = [...group.history, ...said.map((did): GroupChange => ({ at, by, did }))];
  return Object.assign({}, group, ...changes, { history: history.slice(-mostChanges) }) as GroupDocument;
}
