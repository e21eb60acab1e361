/** What a record puts an end to. `case`: to all that is to be done about an event and a consumer. */
export type Ends = 'attempt' | 'stage' | 'dead-letter' | 'case' | null;

/**
 * Who writes records. `worker`: who runs attempts, of handlers and of routing. `router`: who writes pointers. `repair`:
 * `pipeline verify --repair`. `rescue`: who keeps what would age out. The others are a person's commands.
 */
export type Writer =
  | 'worker'
  | 'router'
  | 'repair'
  | 'replay'
  | 'discard'
  | 'move'
  | 'archive'
  | 'rescue'
  | 'edit';

interface KindFacts {
  /** What happened, in words that follow the name of an attempt or an event. */
  readonly title: string;
  /** Red: an event was given up. Yellow: an attempt went wrong. Green: all is well again. Cyan: a person did it. */
  readonly color: 'red' | 'yellow' | 'green' | 'cyan' | null;
  readonly ends: Ends;
  readonly writers: readonly Writer[];
}

/** The kinds of records, and all that is known of a record by its kind alone. */
export const kindFacts = {
  ATTEMPT_STARTED: { title: 'started', color: null, ends: null, writers: ['worker'] },
  ATTEMPT_FAILED: { title: 'failed', color: 'yellow', ends: 'attempt', writers: ['worker'] },
  SNOOZED: { title: 'snoozed', color: null, ends: 'attempt', writers: ['worker'] },
  MAX_DELIVERIES: { title: 'attempts used up', color: 'red', ends: 'stage', writers: ['worker', 'repair'] },
  MSG_TERMINATED: { title: 'failed permanently', color: 'red', ends: 'stage', writers: ['worker', 'repair'] },
  ROUTED: { title: 'routed', color: null, ends: null, writers: ['router'] },
  RESOLVED: { title: 'succeeded', color: 'green', ends: 'case', writers: ['worker', 'repair'] },
  REPLAYED: { title: 'replayed', color: 'cyan', ends: 'dead-letter', writers: ['replay'] },
  DISCARDED: { title: 'discarded', color: 'cyan', ends: 'case', writers: ['discard'] },
  KEPT: { title: 'original kept', color: null, ends: null, writers: ['rescue'] },
  EDITED: { title: 'edited', color: 'cyan', ends: null, writers: ['edit'] },
  MOVED: { title: 'moved', color: 'cyan', ends: null, writers: ['move'] },
  ARCHIVED: { title: 'archived', color: 'cyan', ends: null, writers: ['archive'] },
  RESTORED: { title: 'restored', color: 'cyan', ends: null, writers: ['archive'] },
} as const satisfies Readonly<Record<string, KindFacts>>;

/** What a record of the journal says happened. */
export type RecordKind = keyof typeof kindFacts;

/** The kinds that end this. */
export type KindsThatEnd<E extends Ends> = {
  [K in RecordKind]: (typeof kindFacts)[K]['ends'] extends E ? K : never;
}[RecordKind];

export const recordKinds = Object.keys(kindFacts) as readonly RecordKind[];

export function isRecordKind(value: unknown): value is RecordKind {
  return typeof value === 'string' && Object.hasOwn(kindFacts, value);
}

export function endsOfKind(kind: RecordKind): Ends {
  return kindFacts[kind].ends;
}

/** The kinds that somebody writes. */
export function writtenBy(writer: Writer): RecordKind[] {
  return recordKinds.filter((kind) => (kindFacts[kind].writers as readonly Writer[]).includes(writer));
}

const notPeople: readonly Writer[] = ['worker', 'router', 'repair'];

/** What a person did to dead letters, each by a command of its own. */
export const kindsOfPeople: readonly RecordKind[] = recordKinds.filter((kind) =>
  kindFacts[kind].writers.every((writer: Writer) => !notPeople.includes(writer)),
);

/** A stage is over: its attempts are used up, or it failed permanently. */
export type ExhaustionKind = KindsThatEnd<'stage'>;

export function isExhaustion(kind: RecordKind): kind is ExhaustionKind {
  return kindFacts[kind].ends === 'stage';
}

export const exhaustionKinds: readonly ExhaustionKind[] = recordKinds.filter(isExhaustion);

/** What a worker ends a stage with, a success first: it may come after the stage was given up, and decides. */
export const stageEnds: readonly RecordKind[] = [
  ...writtenBy('worker').filter((kind) => kindFacts[kind].ends === 'case'),
  ...exhaustionKinds,
];
