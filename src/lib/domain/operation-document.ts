import { type Decoded, isCount, isText, isTime, type JsonObject, malformed } from './decode.js';

/** Something that somebody did to the pipeline itself: not to dead letters, and not to a group. */
export interface OperationDocument {
  readonly v: 1;
  /** In words: `loaded`, `replayed events`, `applied`. */
  readonly did: string;
  /** When it began, ISO. */
  readonly at: string;
  /** When it ended, ISO; null: it is not over, or its process was killed. */
  readonly endedAt: string | null;
  readonly operator: string;
  readonly worker: string;
  /** How many events it was about; null: it is not over, or about none. */
  readonly count: number | null;
  /** Consumers that it concerned. */
  readonly consumers: readonly string[];
  /** What exactly, on one line. */
  readonly note: string | null;
}

/** What stands there may be of a newer version, or foreign. */
export function decodeOperation(object: JsonObject): Decoded<OperationDocument> {
  const { v, did, at, endedAt, operator, worker, count, consumers, note } = object;
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(did)) return malformed('did: expected what was done');
  if (!isTime(at)) return malformed('at: expected a time');
  if (!isText(operator)) return malformed('operator: expected who did it');
  return {
    ok: true,
    value: {
      v: 1,
      did,
      at,
      endedAt: isTime(endedAt) ? endedAt : null,
      operator,
      worker: isText(worker) ? worker : '',
      count: isCount(count) ? count : null,
      consumers: Array.isArray(consumers) ? consumers.filter(isText) : [],
      note: isText(note) ? note : null,
    },
  };
}
