import type { Alert, AlertCondition, AlertGroup } from './alert.js';
import { type Decoded, isCount, isText, isTime, type JsonObject, malformed } from './decode.js';

/** Where an alert is told. `log` is that of the process that tells it. */
export const alertDestinations = ['log', 'webhook', 'handler', 'subject'] as const;
export type AlertDestination = (typeof alertDestinations)[number];

/** An alert that was not told everywhere yet. */
export interface AlertNotice {
  readonly alert: Alert;
  /** Where it is still to be told. */
  readonly todo: readonly AlertDestination[];
}

/** What is known about one alert: whether it fires, and what of it is still to be told. */
export interface AlertDocument {
  readonly v: 1;
  /** `count`, `rate`, `oldest`, `expiring`, `group-<id>`, or the condition and what it is about: `lag-<consumer>`. */
  readonly name: string;
  readonly condition: AlertCondition;
  readonly state: 'firing' | 'resolved';
  /** Since when it fires, or fired last, ISO. */
  readonly since: string;
  /** What made it fire: the same is told once. Empty: it fires again whenever it has been over. */
  readonly cause: string;
  /** The process that told it last. */
  readonly by: string;
  /** When all of it had been told everywhere, ISO; null: not yet. */
  readonly deliveredAt: string | null;
  /** Of a group: a dead letter of it, by its sequence in the DLQ. Null: of all dead letters. */
  readonly dlqSeq: number | null;
  readonly group: AlertGroup | null;
  /** The oldest first. */
  readonly notices: readonly AlertNotice[];
  /** Who tells them now, and until when nobody else does. */
  readonly claim: Term | null;
  /**
   * Who last saw more than its own limit allows, and until when nobody else says that it is over. Null: nobody, or it is
   * about a group.
   */
  readonly held: Term | null;
}

/** A process, and until when what it has said counts, ISO. */
export interface Term {
  readonly by: string;
  readonly until: string;
}

/** More than these are not kept while nobody takes them. */
export const mostNotices = 20;

/** What somebody has noticed. */
export interface Noticed {
  readonly name: string;
  readonly alert: Alert;
  readonly cause: string;
  readonly dlqSeq: number | null;
  readonly by: string;
  readonly to: readonly AlertDestination[];
  /** Until when the one that noticed it has the right to tell it, ISO. */
  readonly claimUntil: string;
  /** Until when nobody else says that it is over, ISO; null: whoever finds it over may say so. */
  readonly heldUntil: string | null;
}

/** The document with a new alert in it; undefined: it was noticed before. */
export function raised(current: AlertDocument | undefined, noticed: Noticed): AlertDocument | undefined {
  const { cause, alert } = noticed;
  if (cause === '' ? current?.state === 'firing' : current?.cause === cause) return undefined;
  return withNotice(current, noticed, { state: 'firing', since: alert.at });
}

/** The document of what is over; undefined: it was over, or was never told. */
export function resolved(current: AlertDocument | undefined, noticed: Noticed): AlertDocument | undefined {
  if (current?.state !== 'firing') return undefined;
  // It fires for another cause by now.
  if (current.cause !== noticed.cause) return undefined;
  if (isHeld(current, noticed.by, Date.parse(noticed.alert.at))) return undefined;
  return withNotice(current, noticed, { state: 'resolved', since: current.since });
}

/** Another process still sees more than its own limit allows. */
export function isHeld({ held }: AlertDocument, by: string, nowMs: number): boolean {
  return held !== null && held.by !== by && Date.parse(held.until) > nowMs;
}

/** The document of what fires and is not over for this process; undefined: it is over, or held for long enough. */
export function heldBy(
  current: AlertDocument | undefined,
  { by, until, unlessUntil }: Term & { readonly unlessUntil: string },
): AlertDocument | undefined {
  if (current?.state !== 'firing') return undefined;
  if (current.held && Date.parse(current.held.until) >= Date.parse(unlessUntil)) return undefined;
  return { ...current, held: { by, until } };
}

function withNotice(
  current: AlertDocument | undefined,
  { name, alert, cause, dlqSeq, by, to, claimUntil, heldUntil }: Noticed,
  { state, since }: Pick<AlertDocument, 'state' | 'since'>,
): AlertDocument {
  const notices = [...(current?.notices ?? []), { alert: { ...alert, state, since }, todo: to }];
  const { condition, group } = alert;
  // Whoever tells the earlier ones tells this one too.
  const claim = current?.claim ?? { by, until: claimUntil };
  return {
    v: 1,
    name,
    condition,
    state,
    since,
    cause,
    by,
    deliveredAt: null,
    dlqSeq,
    group,
    notices: notices.slice(-mostNotices),
    claim,
    held: state === 'resolved' || heldUntil === null ? null : { by, until: heldUntil },
  };
}

/** With the right to tell it; undefined: nothing is to be told, or somebody else has the right. */
export function claimed(
  current: AlertDocument | undefined,
  { by, nowMs, until }: { readonly by: string; readonly nowMs: number; readonly until: string },
): AlertDocument | undefined {
  if (!current || current.notices.length === 0 || !mayClaim(current, by, nowMs)) return undefined;
  return { ...current, by, claim: { by, until } };
}

export function mayClaim({ claim }: AlertDocument, by: string, nowMs: number): boolean {
  return claim === null || claim.by === by || Date.parse(claim.until) <= nowMs;
}

/** After it was told there, or was given up; undefined: that stands already. */
export function toldTo(
  current: AlertDocument | undefined,
  id: string,
  to: readonly AlertDestination[],
  at: string,
): AlertDocument | undefined {
  const notice = current?.notices.find(({ alert }) => alert.id === id);
  if (!current || !notice?.todo.some((one) => to.includes(one))) return undefined;
  const notices = current.notices.flatMap((one): readonly AlertNotice[] => {
    if (one !== notice) return [one];
    const todo = one.todo.filter((place) => !to.includes(place));
    return todo.length === 0 ? [] : [{ ...one, todo }];
  });
  const isDone = notices.length === 0;
  return {
    ...current,
    notices,
    deliveredAt: isDone ? at : current.deliveredAt,
    claim: isDone ? null : current.claim,
  };
}

/** Without the right to tell it, so that another process need not wait; undefined: it is not theirs. */
export function released(current: AlertDocument | undefined, by: string): AlertDocument | undefined {
  return current?.claim?.by === by ? { ...current, claim: null } : undefined;
}

export function decodeAlert(object: JsonObject): Decoded<AlertDocument> {
  const { v, name, state, since, cause, by, deliveredAt, dlqSeq, notices } = object;
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(name)) return malformed('name: expected a name');
  if (!isCondition(object['condition'])) return malformed('condition: expected one of an alert');
  if (state !== 'firing' && state !== 'resolved') return malformed('state: expected firing or resolved');
  if (!isTime(since)) return malformed('since: expected a time');
  return {
    ok: true,
    value: {
      v: 1,
      name,
      condition: object['condition'],
      state,
      since,
      cause: isText(cause) ? cause : '',
      by: isText(by) ? by : '',
      deliveredAt: isTime(deliveredAt) ? deliveredAt : null,
      dlqSeq: isCount(dlqSeq) ? dlqSeq : null,
      group: readGroup(object['group']),
      notices: Array.isArray(notices) ? notices.flatMap((one) => readNotice(one) ?? []) : [],
      claim: readTerm(object['claim']),
      held: readTerm(object['held']),
    },
  };
}

const conditions: readonly unknown[] = [
  'newGroup',
  'groupBack',
  'rate',
  'count',
  'oldest',
  'expiring',
  'lag',
  'storage',
  'nobodyRuns',
] satisfies readonly AlertCondition[];

function isCondition(value: unknown): value is AlertCondition {
  return conditions.includes(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function readGroup(value: unknown): AlertGroup | null {
  if (!isObject(value)) return null;
  const { id, consumer, sample, reason } = value;
  return isText(id) && isText(consumer) && isText(sample) && typeof reason === 'string'
    ? { id, consumer, sample, reason }
    : null;
}

function readTerm(value: unknown): Term | null {
  if (!isObject(value)) return null;
  const { by, until } = value;
  return isText(by) && isTime(until) ? { by, until } : null;
}

function readNotice(value: unknown): AlertNotice | undefined {
  if (!isObject(value) || !isObject(value['alert']) || !Array.isArray(value['todo'])) return undefined;
  const { id, pipeline, condition, state, since, at, text, value: measured, threshold } = value['alert'];
  const todo = value['todo'].filter((one): one is AlertDestination => alertDestinations.includes(one));
  if (!isText(id) || !isText(pipeline) || !isCondition(condition) || !isText(text)) return undefined;
  if ((state !== 'firing' && state !== 'resolved') || !isTime(since) || !isTime(at)) return undefined;
  if (todo.length === 0) return undefined;
  const { about, level } = value['alert'];
  const numberOf = (one: unknown): number | null => (typeof one === 'number' ? one : null);
  const alert: Alert = {
    id,
    pipeline,
    condition,
    state,
    since,
    at,
    text,
    about: isText(about) ? about : null,
    level: level === 'degraded' || level === 'critical' ? level : null,
    value: numberOf(measured),
    threshold: numberOf(threshold),
    group: readGroup(value['alert']['group']),
  };
  return { alert, todo };
}
