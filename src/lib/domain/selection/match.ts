import type { DeadLetter } from '../dead-letter.js';
import { groupIdOf } from '../group-id.js';
import type { Pointer } from '../pointer.js';
import { subjectMatches } from '../subjects.js';
import { codesOf } from './codes.js';
import { boundsOf, boundsOfMoment, isWithin } from './compare.js';
import { type Candidate, headerCandidates, pathCandidates } from './event-parts.js';
import { containsPattern, exactText, exactTexts, lowerCased, matchesPattern } from './pattern.js';
import { factsOf, type Pattern, type SelectionKey, type Source, type Term, type Value } from './selection.js';

/** A dead letter as its pointer tells of it. */
export interface SelectableLetter {
  readonly letter: DeadLetter;
  readonly pointer?: Pointer;
  /** It is archived. */
  readonly archived?: unknown;
}

/** What the stream of its event says about it. */
export interface SelectableState {
  readonly original: string;
  /** ISO; null: never, or it is gone or kept. */
  readonly originalExpiresAt: string | null;
  /** Its stream does not have it any more, and it was kept. */
  readonly kept?: boolean;
}

export interface SelectableEvent {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Of JSON, the value. Undefined: it is not JSON. */
  readonly data: unknown;
}

/** What the terms of a selection are asked about; `state` and `event` where a term needs them. */
export interface Selectable extends SelectableLetter {
  readonly state?: SelectableState;
  /** Undefined: it is gone, and nothing can be said about it. */
  readonly event?: SelectableEvent;
}

export interface MatchContext {
  readonly nowMs: number;
  /** The event type that a subject names. */
  readonly typeOf: (subject: string) => string;
  /** Which dead letters belong together. Without it: those of one fingerprint. */
  readonly alike?: Alike | undefined;
  /** Of the tasks that the selection names, in its words: those whose plan found a dead letter of this id. Without it nothing can be said. */
  readonly tasksOf?: ((id: string) => readonly string[]) | undefined;
}

/** The ids by which a group is found. */
export interface Alike {
  /** All fingerprints of the reasons that are alike, whatever the consumer. */
  readonly fingerprintsOf: (fingerprint: string) => readonly string[];
  /** All ids of the group of one consumer. */
  readonly groupsOf: (consumer: string, fingerprint: string) => readonly string[];
}

/** In the DLQ, or archived. */
export type LetterStatus = 'dead' | 'archived';

export function statusOf(archived: unknown): LetterStatus {
  return archived === undefined ? 'dead' : 'archived';
}

export type Matcher = (selectable: Selectable) => boolean;

/** Those of the terms that are answered by this. */
export function termsFrom(source: Source, terms: readonly Term[]): readonly Term[] {
  return terms.filter(({ key }) => factsOf(key).from === source);
}

/**
 * Do all of these terms hold? A term about what can't be looked at any more, since the event is gone, does not hold,
 * with `-` as little as without.
 */
export function matcherOf(terms: readonly Term[], context: MatchContext): Matcher {
  const matchers = terms.map((term) => termMatcher(term, context));
  return (selectable) => matchers.every((matches) => matches(selectable));
}

/** What a list shows as the group of a reason is found by its whole id too. */
function termMatcher(term: Term, context: MatchContext): Matcher {
  const read = readers[term.key](context, term.path ?? '');
  const tests = term.values.map((value) => testOf(term.key, value));
  const ids = fingerprintsOf(context);
  const groups = term.key === 'reason' ? exactTexts(term) : [];
  return (selectable) => {
    if (groups.length > 0 && ids(selectable)?.some((id) => groups.includes(String(id)))) return !term.not;
    const candidates = read(selectable);
    if (candidates === undefined) return false;
    return candidates.some((candidate) => tests.some((test) => test(candidate))) !== term.not;
  };
}

type Read = (selectable: Selectable) => readonly Candidate[] | undefined;

/** What the values of a term are compared with; undefined: it can't be looked at. */
const readers: Readonly<Record<SelectionKey, (context: MatchContext, path: string) => Read>> = {
  consumer:
    () =>
    ({ letter }) => [letter.consumer],
  subject:
    () =>
    ({ letter }) => [letter.subject],
  type:
    ({ typeOf }) =>
    ({ letter }) => [typeOf(letter.subject)],
  group: groupsOf,
  fingerprint: fingerprintsOf,
  name:
    () =>
    ({ pointer }) => [(pointer?.failure.name ?? 'Error').toLowerCase()],
  code:
    () =>
    ({ letter, pointer }) =>
      codesOf(pointer?.failure ?? { message: letter.reason }),
  reason:
    () =>
    ({ letter }) => [letter.reason.toLowerCase()],
  kind:
    () =>
    ({ pointer }) => [pointer?.failure.kind ?? 'malformed'],
  age:
    ({ nowMs }) =>
    ({ letter }) => [nowMs - Date.parse(letter.deadAt)],
  dead:
    () =>
    ({ letter }) => [Date.parse(letter.deadAt)],
  attempts:
    () =>
    ({ letter: { attempts } }) => [attempts.main + attempts.retry],
  cycle:
    () =>
    ({ letter }) => [letter.cycle],
  seq:
    () =>
    ({ letter }) => [letter.seq],
  task:
    ({ tasksOf }) =>
    ({ letter }) =>
      tasksOf?.(letter.id),
  status:
    () =>
    ({ archived }) => [statusOf(archived)],
  original:
    () =>
    ({ state }) =>
      state && (state.kept ? [state.original, 'kept'] : [state.original]),
  expires:
    ({ nowMs }) =>
    ({ state }) =>
      state?.original === 'present' ? [expiresIn(state, nowMs)] : undefined,
  header:
    (_, name) =>
    ({ event }) =>
      event && headerCandidates(event.headers, name),
  data: (_, path) => {
    const steps = path.split('.');
    return ({ event }) => event && pathCandidates(event.data, steps);
  },
};

function fingerprintsOf({ alike }: MatchContext): Read {
  return ({ letter: { fingerprint } }) => alike?.fingerprintsOf(fingerprint) ?? [fingerprint];
}

/** By its ids, or by the fingerprint of the reason: that one may be of several consumers. */
function groupsOf({ alike }: MatchContext): Read {
  return ({ letter: { consumer, fingerprint } }) => [
    ...(alike?.groupsOf(consumer, fingerprint) ?? [groupIdOf(consumer, fingerprint)]),
    ...(alike?.fingerprintsOf(fingerprint) ?? [fingerprint]),
  ];
}

function expiresIn({ originalExpiresAt }: SelectableState, nowMs: number): number {
  return originalExpiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(originalExpiresAt) - nowMs;
}

/** Is a group or fingerprint meant that has this id? The beginning of it is enough. */
export function meansId(pattern: Pattern, id: string): boolean {
  const exact = exactText(pattern);
  return exact === undefined ? matchesPattern(pattern, id) : id.startsWith(exact);
}

type Test = (candidate: Candidate) => boolean;

function testOf(key: SelectionKey, value: Value): Test {
  if (value.is === 'text') {
    const matches = textTest(key, value.pattern);
    return (candidate) => matches(String(candidate));
  }
  const bounds = value.is === 'number' ? boundsOf(value.comparison) : boundsOfMoment(value.comparison);
  return (candidate) => typeof candidate === 'number' && isWithin(bounds, candidate);
}

function textTest(key: SelectionKey, pattern: Pattern): (text: string) => boolean {
  const exact = exactText(pattern);
  switch (key) {
    case 'subject': {
      const filter = pattern.join('*');
      return (text) => subjectMatches(filter, text);
    }
    case 'group':
    case 'fingerprint':
      return (text) => meansId(pattern, text);
    case 'reason': {
      const lower = lowerCased(pattern);
      return (text) => containsPattern(lower, text);
    }
    case 'name':
    case 'code': {
      const lower = lowerCased(pattern);
      return (text) => matchesPattern(lower, text);
    }
    default:
      return exact === undefined ? (text) => matchesPattern(pattern, text) : (text) => text === exact;
  }
}
