import type { Position } from './consumer-position.js';
import type { StagePlan } from './stage-plan.js';
import {
  cycleOf,
  type Ending,
  furthestOf,
  isArchived,
  rankOf,
  sayingOf,
  type Step,
  type Told,
} from './standing-step.js';

/** A record as far as it says where its event stands; the details may be left out. */
export interface StandingRecord extends Told {
  readonly attempt?: number | undefined;
  readonly until?: string | undefined;
  readonly at?: string | undefined;
}

/** What is known of one event and one consumer. What nobody asked for is left out. */
export interface StandingFacts {
  /** Of the business tier, in the order of the journal. */
  readonly records: readonly StandingRecord[];
  /** The pointer in the retry stage, and when it is due, ms since 1970. */
  readonly waiting?: { readonly cycle: number; readonly notBeforeMs: number } | undefined;
  /** The dead letter. */
  readonly dead?: { readonly cycle: number } | undefined;
  /** The archived dead letter; `none`: there is none. */
  readonly archived?: { readonly cycle: number } | 'none' | undefined;
  /** How far the main stage's consumer has got; `none`: the server has no such consumer. */
  readonly position?: Position | 'none' | undefined;
  /** The event is older than where the consumer began. */
  readonly beforeStart?: boolean;
  /** The worker is another program: its attempts leave no record. */
  readonly external?: boolean;
  /** A consumer that is past the event, without a record of it, may have failed or skipped it. */
  readonly provesNothing?: boolean;
  readonly nowMs?: number;
  /** How long a dead letter stays, ms. 0, or left out: for ever. */
  readonly letterLifeMs?: number;
}

/** Where an event stands with a consumer: exactly one of these. `cycle` is the last one that it has begun. */
export type Standing =
  /** Nothing is recorded and nothing waits: only its consumer can say something. */
  | { readonly is: Untold }
  /** In the main stage, after a failed attempt. */
  | (Trying & { readonly is: 'failing' })
  /** A stage is used up, and nothing was routed yet. */
  | (InCycle & { readonly is: 'exhausted'; readonly stage: Step['stage'] })
  /** In the retry stage, not due yet. */
  | (Trying & { readonly is: 'parked' })
  /** In the retry stage, due. */
  | (Trying & { readonly is: 'retrying' })
  | (InCycle & { readonly is: 'dead' })
  /** It was a dead letter, and nobody did anything about it for as long as dead letters stay. */
  | (InCycle & { readonly is: 'aged-out' })
  /** The handler succeeded after the event had been given up: its dead letter is left, and replay refuses it. */
  | (InCycle & { readonly is: 'resolved-late' })
  /** The handler succeeded; a person gave it up, or archived it; its pointer is another consumer's now. */
  | (InCycle & {
      readonly is: Ending;
      /** A dead letter is there still, in the DLQ or archived: what ended it, or replayed it, was interrupted. */
      readonly letterLeft: boolean;
    })
  /** The records say that it went somewhere where it is not. */
  | (InCycle & { readonly is: 'broken'; readonly at: Step });

export type Untold =
  /** Processed at the first attempt: a failure would have left a record. */
  | 'acknowledged'
  /** The consumer is past it, and nobody can know how. */
  | 'no-trace'
  /** Not delivered yet. */
  | 'waiting'
  /** Of an external consumer: acknowledged, or given up and its advisory missed. */
  | 'let-go'
  /** Processed at the first attempt, or being processed. */
  | 'unknown'
  /** Older than where the consumer began. */
  | 'before-start'
  /** The server has no such consumer. */
  | 'no-consumer';

interface InCycle {
  readonly cycle: number;
}

interface Trying extends InCycle {
  /** Failed so far in this stage, as far as the records say. */
  readonly attempts: number;
  /** Snoozed until then, ISO, and nothing has followed. */
  readonly snoozedUntil: string | null;
}

/**
 * The one answer to "what became of this event". The furthest cycle that anything tells of is where it stands; in it
 * a success comes first, then what is there, then what the records say. In which order they were stored does not
 * matter, moves apart: a pointer may be moved away and back.
 */
export function standingOf(facts: StandingFacts): Standing {
  const { records, waiting, dead } = facts;
  const sayings = records.flatMap((record) => {
    const saying = sayingOf(record);
    return saying ? [{ record, saying }] : [];
  });
  const cycles = sayings.map(({ saying }) => cycleOf(saying));
  const archived = facts.archived === 'none' ? undefined : facts.archived;
  const cycle = Math.max(-1, waiting?.cycle ?? -1, dead?.cycle ?? -1, archived?.cycle ?? -1, ...cycles);
  if (cycle < 0) return { is: untold(facts) };
  const own = sayings.filter(({ saying }) => cycleOf(saying) === cycle);
  const isDead = dead?.cycle === cycle;
  const isKept = archived?.cycle === cycle;
  const ending = endingIn(own.map(({ record }) => record));
  const letterLeft = dead !== undefined || (isKept && ending !== 'archived' && ending !== 'resolved');
  if (ending === 'resolved')
    return isDead ? { is: 'resolved-late', cycle } : { is: ending, cycle, letterLeft };
  if (isDead) return ending ? { is: ending, cycle, letterLeft } : { is: 'dead', cycle };
  const at = furthestOf(own.flatMap(({ saying }) => ('step' in saying ? [saying.step] : [])));
  const told = own.map(({ record }) => record);
  if (waiting?.cycle === cycle && !isPastRetry(at)) {
    const is = waiting.notBeforeMs > (facts.nowMs ?? 0) ? 'parked' : 'retrying';
    return { is, cycle, ...triedIn(told, 'retry') };
  }
  if (isKept && ending === undefined) return { is: 'archived', cycle, letterLeft };
  if (ending === 'archived' && facts.archived !== undefined && !isKept) {
    return { is: 'broken', cycle, at: { stage: 'retry', cycle, phase: 'archived' } };
  }
  if (ending) return { is: ending, cycle, letterLeft };
  return at ? standingAt(at, told, facts) : { is: untold(facts) };
}

/** A success is the truth whatever else was written. Of moves and archivings the last one counts. */
function endingIn(records: readonly Told[]): Ending | undefined {
  const has = (kind: Told['kind']): boolean => records.some((record) => record.kind === kind);
  if (has('RESOLVED')) return 'resolved';
  if (has('DISCARDED')) return 'discarded';
  if (records.findLast(({ kind }) => kind === 'MOVED')?.movedTo !== undefined) return 'moved';
  return isArchived(records) ? 'archived' : undefined;
}

function lastMove(records: readonly Told[], cycle: number): Told | undefined {
  return records.findLast((record) => record.kind === 'MOVED' && record.cycle === cycle);
}

/** Its retry stage has ended: a pointer that is left there is about to be taken away. */
function isPastRetry(at: Step | undefined): boolean {
  return at?.stage === 'retry' && at.phase !== 'trying';
}

/** Nothing holds it but what the records say: they name a place where it is not, or its consumer has it. */
function standingAt(at: Step, told: readonly StandingRecord[], facts: StandingFacts): Standing {
  const { stage, cycle, phase } = at;
  if (phase === 'exhausted') return { is: 'exhausted', stage, cycle };
  if (phase === 'to-dlq' && hasAgedOut(told, facts)) return { is: 'aged-out', cycle };
  if (stage === 'retry' || phase !== 'trying') return { is: 'broken', cycle, at };
  if (facts.position === 'none') return { is: 'no-consumer' };
  if (facts.position === 'waiting') return { is: 'waiting' };
  if (facts.position !== 'acked') return { is: 'failing', cycle, ...triedIn(told, stage) };
  return facts.external ? { is: 'let-go' } : { is: 'broken', cycle, at };
}

/** Whatever put it into the DLQ last is as old as a dead letter gets. */
function hasAgedOut(told: readonly StandingRecord[], facts: StandingFacts): boolean {
  const came = told.filter((record) => {
    const saying = sayingOf(record);
    return saying !== undefined && 'step' in saying && saying.step.phase === 'to-dlq';
  });
  return isPastLetterLife(Math.max(...came.map(({ at }) => Date.parse(at ?? ''))), facts);
}

function triedIn(told: readonly StandingRecord[], stage: Step['stage']): Omit<Trying, 'cycle'> {
  const own = told.filter((record) => record.stage === stage);
  const failed = own.filter(({ kind }) => kind === 'ATTEMPT_FAILED');
  const last = own.at(-1);
  return {
    attempts: failed.reduce((highest, { attempt }) => Math.max(highest, attempt ?? 0), 0),
    snoozedUntil: last?.kind === 'SNOOZED' ? (last.until ?? null) : null,
  };
}

function untold({ position, beforeStart, external, provesNothing }: StandingFacts): Untold {
  if (position === 'none') return 'no-consumer';
  if (beforeStart) return 'before-start';
  if (position === 'waiting') return 'waiting';
  if (position !== 'acked') return 'unknown';
  if (external) return 'let-go';
  return provesNothing ? 'no-trace' : 'acknowledged';
}

/** Where an exhaustion leads to: what failed for good, and a retry stage, to the DLQ; else as the plan of main says. */
export function leadsTo({ kind, stage }: Pick<Told, 'kind' | 'stage'>, plan: StagePlan): 'retry' | 'dlq' {
  return kind === 'MAX_DELIVERIES' && stage === 'main' && plan.retry ? 'retry' : 'dlq';
}

/** Part of its life that a dead letter may be removed earlier by the clocks of others than by ours, and the most of it, ms. */
const earlier = { part: 0.1, mostMs: 60_000 };

/** Is a dead letter that came then, ms since 1970, removed by now for its age? */
export function isPastLetterLife(
  cameMs: number,
  { letterLifeMs = 0, nowMs = 0 }: Pick<StandingFacts, 'letterLifeMs' | 'nowMs'>,
): boolean {
  const life = letterLifeMs - Math.min(letterLifeMs * earlier.part, earlier.mostMs);
  return letterLifeMs > 0 && nowMs - cameMs >= life;
}

/**
 * Looks until the answer holds. Pointers and records are read one after the other, and an event may move on in
 * between: what seems lost is so only where a later look, pointers before records, finds the records as far as before.
 * Whoever takes a pointer away has recorded why before.
 */
export async function lookUntilSure<T extends { readonly standing: Standing }>(
  look: () => Promise<T>,
): Promise<T> {
  for (let before = await look(); ; ) {
    const { standing } = before;
    if (standing.is !== 'broken') return before;
    const now = await look();
    if (now.standing.is === 'broken' && rankOf(now.standing.at) === rankOf(standing.at)) return now;
    before = now;
  }
}

/** Does a record say that an exhaustion was dealt with: routed, or its event ended or is further? */
export function isBeyond(record: Told, x: Pick<Told, 'stage' | 'cycle'>): boolean {
  const saying = sayingOf(record);
  if (!saying) return false;
  if (!('step' in saying)) return saying.cycle >= x.cycle;
  const stage = x.stage === 'main' ? 'main' : 'retry';
  return rankOf(saying.step) > rankOf({ stage, cycle: x.cycle, phase: 'exhausted' });
}

/** What a dead letter is worth, by the records behind it. `journaled`: that it was replayed is recorded too. */
export type LetterStanding =
  | { readonly is: 'dead' | 'resolved-late' | 'discarded' | 'archived' }
  /** `to`: the consumer that has its event now. */
  | { readonly is: 'moved'; readonly to: string }
  | { readonly is: 'replayed'; readonly journaled: boolean };

/** Replayed is what has begun a later cycle, in whatever place it is by now. */
export function standingOfLetter(cycle: number, records: readonly StandingRecord[]): LetterStanding {
  const standing = standingOf({ records, dead: { cycle } });
  if ('cycle' in standing && standing.cycle > cycle) {
    return { is: 'replayed', journaled: records.some((one) => one.kind === 'REPLAYED' && one.cycle > cycle) };
  }
  if (standing.is === 'moved') return { is: 'moved', to: lastMove(records, cycle)?.movedTo ?? '' };
  const { is } = standing;
  return is === 'resolved-late' || is === 'discarded' || is === 'archived' ? { is } : { is: 'dead' };
}

/** What a record says to someone who waits for the end of its cycle. Undefined: it goes on. */
export function outcomeBy(record: Told): 'resolved' | 'deadAgain' | undefined {
  const saying = sayingOf(record);
  if (!saying) return undefined;
  if (!('step' in saying)) return saying.ending === 'resolved' ? 'resolved' : undefined;
  return saying.step.stage === 'retry' && saying.step.phase === 'to-dlq' ? 'deadAgain' : undefined;
}
