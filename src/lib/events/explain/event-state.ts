import type { Stage } from '../../domain/key.js';
import { isExhaustion, type RecordKind } from '../../domain/record-kinds.js';
import { msOfNanos, type Nanos } from '../../domain/time.js';
import { type Position, positionOf } from '../../domain/consumer-position.js';
import type { ConsumerInfo } from '../../nats/objects.js';
import type { ConsumerState } from './explanation.js';

/** What of a record says how far the event has come. */
interface Told {
  readonly kind: RecordKind;
  readonly stage: Stage;
  readonly cycle: number;
  readonly to?: 'retry' | 'dlq';
  readonly movedTo?: string;
}

/** What the server holds about one event and one consumer. */
export interface StateFacts {
  /** Of the business tier, in the order of the journal. */
  readonly records: readonly Told[];
  /** Cycle of the pointer in the retry stage, and when it is due, ms since 1970. */
  readonly waiting?: { readonly cycle: number; readonly notBeforeMs: number };
  /** Cycle of the dead letter. */
  readonly dead?: { readonly cycle: number };
  /** Of the main stage's consumer; undefined: the server has none. */
  readonly info?: ConsumerInfo;
  readonly event: { readonly seq: number; readonly time: Nanos };
  /** Its worker is another program: attempts leave no record. */
  readonly external?: boolean;
  /** Why a consumer that is past the event proves nothing; undefined: it would have left a record of a failure. */
  readonly untold?: string | undefined;
  readonly nowMs: number;
}

/** Where an event stands with a consumer. */
export function stateOf(facts: StateFacts): ConsumerState {
  const { records, waiting, dead, info, event, external, untold } = facts;
  if (waiting && waiting.cycle > (dead?.cycle ?? -1)) return stateInRetry(facts, waiting);
  if (dead) return endedWell(records, dead.cycle) ? 'resolved-late' : 'dead';
  if (records.length > 0) return stateByRecords(facts);
  if (!info) return 'no-consumer';
  if (isBeforeStart(info, event)) return 'before-start';
  const states: Record<Position, ConsumerState> = {
    acked: external ? 'let-go' : untold === undefined ? 'acknowledged' : 'no-trace',
    waiting: 'waiting',
    unknown: 'unknown',
  };
  return states[positionOf(info, event.seq)];
}

function stateInRetry(
  { records, nowMs }: StateFacts,
  { cycle, notBeforeMs }: { readonly cycle: number; readonly notBeforeMs: number },
): ConsumerState {
  if (endedWell(records, cycle)) return 'resolved';
  const used = records.some(
    (record) => isExhaustion(record.kind) && record.stage === 'retry' && record.cycle === cycle,
  );
  if (used) return 'exhausted';
  return notBeforeMs > nowMs ? 'parked' : 'retrying';
}

function endedWell(records: StateFacts['records'], cycle: number): boolean {
  return records.some((record) => record.kind === 'RESOLVED' && record.cycle === cycle);
}

/** No pointer is left: the records must say how it ended, or that the main stage has it still. */
function stateByRecords({ records, info, event, external }: StateFacts): ConsumerState {
  const cycle = records.reduce((highest, record) => Math.max(highest, record.cycle), 0);
  const own = records.filter((record) => record.cycle === cycle);
  const has = (test: (record: StateFacts['records'][number]) => boolean): boolean => own.some(test);
  if (has(({ kind }) => kind === 'RESOLVED')) return 'resolved';
  if (has(({ kind }) => kind === 'DISCARDED')) return 'discarded';
  if (has(({ movedTo }) => movedTo !== undefined)) return 'moved';
  if (has(({ kind, to }) => (kind === 'ROUTED' && to !== 'retry') || kind === 'REPLAYED')) {
    return exhaustedIn(own, 'retry') && !routedFrom(own, 'retry') ? 'exhausted' : 'broken';
  }
  const stage = exhaustedIn(own, 'retry') ? 'retry' : 'main';
  if (exhaustedIn(own, stage)) return routedFrom(own, stage) ? 'broken' : 'exhausted';
  if (has(({ kind }) => kind === 'ROUTED') || !info) return 'broken';
  const position = positionOf(info, event.seq);
  // Made anew since: what is not delivered yet was never tried by this one.
  if (position !== 'acked') return position === 'waiting' ? 'waiting' : 'failing';
  return external ? 'let-go' : 'broken';
}

function exhaustedIn(records: StateFacts['records'], stage: 'main' | 'retry'): boolean {
  return records.some((record) => isExhaustion(record.kind) && record.stage === stage);
}

function routedFrom(records: StateFacts['records'], stage: 'main' | 'retry'): boolean {
  return records.some((record) => record.kind === 'ROUTED' && record.stage === stage);
}

/** A consumer never gets what is older than its beginning; its floor does not tell that from processed. */
function isBeforeStart({ config, created }: ConsumerInfo, event: StateFacts['event']): boolean {
  const storedMs = msOfNanos(event.time);
  if (config.deliver_policy === 'new') return storedMs < Date.parse(created);
  if (config.deliver_policy === 'by_start_time') return storedMs < Date.parse(config.opt_start_time ?? '');
  return config.deliver_policy === 'by_start_sequence' && event.seq < (config.opt_start_seq ?? 0);
}
