import type { Stage } from './key.js';
import { isExhaustion, type RecordKind } from './record-kinds.js';

/** What of a record says how far its event has come. */
export interface Told {
  readonly kind: RecordKind;
  readonly stage: Stage;
  readonly cycle: number;
  readonly to?: 'retry' | 'dlq' | undefined;
  readonly movedTo?: string | undefined;
  readonly archive?: string | undefined;
}

/** How far an event is in a stage; each is behind the one before. */
export const phases = ['trying', 'exhausted', 'to-retry', 'to-dlq', 'archived'] as const;
export type Phase = (typeof phases)[number];

/** A step of an event on its way. A replay begins its cycle as if a main stage had led to the retry stage. */
export interface Step {
  readonly stage: 'main' | 'retry';
  readonly cycle: number;
  readonly phase: Phase;
}

/** How a cycle ends: nothing of it is left to be done, but that what is archived may be restored. */
export const endings = ['resolved', 'discarded', 'moved', 'archived'] as const;
export type Ending = (typeof endings)[number];

/** What a record says: a step, or how its cycle ended. */
export type Saying = { readonly step: Step } | { readonly cycle: number; readonly ending: Ending };

/**
 * The meaning of every kind of record, for all who ask what became of an event. Undefined: it says nothing about
 * that. A success ends the cycle of its stage whichever stage had the event by then; a move ends it for the consumer
 * that the pointer was taken from, and is a step for the one that has it now. A restore is a step back into the DLQ,
 * and undoes an archiving: see `isArchived`.
 */
export function sayingOf({ kind, stage, cycle, to, movedTo }: Told): Saying | undefined {
  if (kind === 'RESOLVED') return { cycle, ending: 'resolved' };
  if (kind === 'DISCARDED') return { cycle, ending: 'discarded' };
  if (isMoveAway({ kind, movedTo })) return { cycle, ending: 'moved' };
  if (kind === 'ARCHIVED') return { cycle, ending: 'archived' };
  if (kind === 'RESTORED') return { step: { stage: 'retry', cycle, phase: 'to-dlq' } };
  if (kind === 'MOVED') return mainStep(cycle, stage === 'retry' ? 'to-retry' : 'to-dlq');
  if (kind === 'KEPT' || kind === 'EDITED') return undefined;
  if (kind === 'REPLAYED') return mainStep(cycle, 'to-retry');
  if (stage === 'dlq') return undefined;
  if (kind === 'ROUTED') return { step: { stage, cycle, phase: to === 'retry' ? 'to-retry' : 'to-dlq' } };
  return { step: { stage, cycle, phase: isExhaustion(kind) ? 'exhausted' : 'trying' } };
}

/** Its pointer was taken from the consumer that the record is about; else it was given to it. */
export function isMoveAway({ kind, movedTo }: Pick<Told, 'kind' | 'movedTo'>): boolean {
  return kind === 'MOVED' && movedTo !== undefined;
}

/**
 * Of the records of one cycle, in the order of the journal: was it archived, and not restored since? A restore names the
 * archiving that it undoes, so that one of the two that is recorded twice, and late, changes nothing.
 */
export function isArchived(records: readonly Told[]): boolean {
  const archived = records.findLast(({ kind }) => kind === 'ARCHIVED');
  const restored = records.findLast(({ kind }) => kind === 'RESTORED');
  return archived !== undefined && (restored === undefined || restored.archive !== archived.archive);
}

function mainStep(cycle: number, phase: Phase): Saying {
  return { step: { stage: 'main', cycle, phase } };
}

export function cycleOf(saying: Saying): number {
  return 'step' in saying ? saying.step.cycle : saying.cycle;
}

const ranksOfStage = phases.length;
const ranksOfCycle = 2 * ranksOfStage;

/** A step as a number that grows as the event moves on: by cycle, then by stage, then by phase. */
export function rankOf({ stage, cycle, phase }: Step): number {
  return cycle * ranksOfCycle + (stage === 'retry' ? ranksOfStage : 0) + phases.indexOf(phase);
}

/** The step of a rank. */
export function stepAt(rank: number): Step {
  const inCycle = rank % ranksOfCycle;
  return {
    stage: inCycle < ranksOfStage ? 'main' : 'retry',
    cycle: Math.floor(rank / ranksOfCycle),
    phase: phases[inCycle % ranksOfStage] ?? 'trying',
  };
}

/** The furthest of these steps: in which order they were stored says nothing. Undefined: there is none. */
export function furthestOf(steps: readonly Step[]): Step | undefined {
  return steps.reduce<Step | undefined>(
    (furthest, step) => (furthest && rankOf(furthest) >= rankOf(step) ? furthest : step),
    undefined,
  );
}
