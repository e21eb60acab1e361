import { formatDuration } from './duration.js';

/** What is told. */
export type AlertCondition =
  | 'newGroup'
  | 'groupBack'
  | 'rate'
  | 'count'
  | 'oldest'
  | 'expiring'
  | 'lag'
  | 'storage'
  | 'nobodyRuns';

/** The group that an alert is about. */
export interface AlertGroup {
  /** As `group:` takes it. */
  readonly id: string;
  /** The consumer that gave up on its events. */
  readonly consumer: string;
  /** `<consumer>/<sequence>` of the dead letter that was noticed. */
  readonly sample: string;
  /** Its last failure, on one line of at most 256 bytes. */
  readonly reason: string;
}

/** What is told: that something is wrong, and later that it is over. */
export interface Alert {
  /** The same each time that this is told, and of no other alert. */
  readonly id: string;
  /** The `name` of the config. */
  readonly pipeline: string;
  /** What is wrong. */
  readonly condition: AlertCondition;
  /** `firing`: it is; `resolved`: it was. */
  readonly state: 'firing' | 'resolved';
  /** Since when it is wrong, or was, ISO. */
  readonly since: string;
  /** When this was noticed, ISO. */
  readonly at: string;
  /** In words, on one line. */
  readonly text: string;
  /** What `lag` and `nobodyRuns` are about, a consumer, and `storage`, a stream, by its name on the server. Else null. */
  readonly about: string | null;
  /** Of `lag` and `storage`: each level is told. Else null. */
  readonly level: 'degraded' | 'critical' | null;
  /**
   * What was measured: dead letters, messages of `lag`, percent of `storage`, or ms of `oldest` and `nobodyRuns`. Null: of a
   * group nothing is.
   */
  readonly value: number | null;
  /** The most that the config allows, in the same unit; of `expiring` its time, ms. */
  readonly threshold: number | null;
  /** Which group; null: it is about all of them. */
  readonly group: AlertGroup | null;
}

/** Called with each alert. When it throws, or gives no result within 10 s, it is called again. */
export type AlertHandler = (alert: Alert) => unknown;

/** What is measured, each with its own limit. */
export type MeasuredCondition = Exclude<AlertCondition, 'newGroup' | 'groupBack'>;

/** A measured condition, as far as words need it. */
export interface Measured {
  readonly condition: MeasuredCondition;
  /** Names it among others of its condition. Default: there is one. */
  readonly name?: string;
  /** The consumer or stream that it is about. */
  readonly about?: string;
  readonly level?: 'degraded' | 'critical';
  readonly value: number;
  readonly threshold: number;
  /** Of a rate, its time, ms. */
  readonly perMs?: number | undefined;
}

/** What is wrong, or is no longer. */
export function textOf(measured: Measured, isOver: boolean): string {
  const [firing, over] = words[measured.condition](measured);
  return isOver ? over : firing;
}

type Words = (measured: Measured) => readonly [firing: string, over: string];

const lettersOf = ({ value }: Measured): string => `${value} dead letter${value === 1 ? '' : 's'}`;

const words: Readonly<Record<MeasuredCondition, Words>> = {
  count: (measured) => {
    const letters = `${lettersOf(measured)} in the DLQ`;
    return [`${letters}, more than ${measured.threshold}`, `${letters}, no more than ${measured.threshold}`];
  },
  rate: (measured) => {
    const letters = `${lettersOf(measured)} within ${formatDuration(measured.perMs ?? 0)}`;
    return [`${letters}, more than ${measured.threshold}`, `${letters}, no more than ${measured.threshold}`];
  },
  oldest: ({ value, threshold }) => {
    const age = `the oldest dead letter is there for ${formatDuration(wholeSeconds(value))}`;
    const most = formatDuration(threshold);
    return [
      `${age}, longer than ${most}`,
      value === 0 ? 'the DLQ is empty' : `${age}, no longer than ${most}`,
    ];
  },
  lag: ({ value, threshold, about }) => {
    const waiting = `${value} message${value === 1 ? '' : 's'} waiting for ${about}`;
    return [`${waiting}, more than ${threshold}`, `${waiting}, no more than ${threshold}`];
  },
  storage: ({ value, threshold, about }) => {
    const used = `${about} uses ${value} % of its limit`;
    return [`${used}, more than ${threshold} %`, `${used}, no more than ${threshold} %`];
  },
  nobodyRuns: ({ value, threshold, about }) => [
    `nobody has run ${about} for ${formatDuration(wholeSeconds(value))}, longer than ${formatDuration(threshold)}, and it has work`,
    `somebody runs ${about}, or it has no work`,
  ],
  expiring: (measured) => {
    const within = formatDuration(measured.threshold);
    return [
      `${lettersOf(measured)} can be replayed for less than ${within}: then their events have left their stream, and are not kept, or they have left the DLQ. Replay them, or raise maxAge`,
      `every dead letter can be replayed for longer than ${within}`,
    ];
  },
};

function wholeSeconds(ms: number): number {
  return ms < 1000 ? ms : Math.floor(ms / 1000) * 1000;
}

/** The limit of a measured condition above which it fires, and up to which it is over again. */
export function limitsOfAlert(
  condition: MeasuredCondition,
  threshold: number,
): { above: number; upTo: number } {
  // Any event that is lost is one too many.
  if (condition === 'expiring') return { above: 0, upTo: 0 };
  return { above: threshold, upTo: Math.floor(threshold * overAt) };
}

/** It is over at this part of its threshold, so that what swings around it is told once. */
const overAt = 0.9;
