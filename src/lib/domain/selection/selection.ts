/** Text as it was asked for: what stands between its wildcards. One part: exactly this text. */
export type Pattern = readonly string[];

/** How a value is compared. */
export type Operator = '=' | '>' | '>=' | '<' | '<=';

/** A comparison with one value, or with all from one to another, both included. */
export type Comparison<T> =
  | {
      /** How it is compared. */
      readonly op: Operator;
      /** What it is compared with. */
      readonly value: T;
    }
  | {
      /** The least that passes. */
      readonly from: T;
      /** The most that passes. */
      readonly to: T;
    };

/** One of the values of a term, by what its key takes. */
export type Value =
  | {
      /** Text. */
      readonly is: 'text';
      /** What the text must be like. */
      readonly pattern: Pattern;
    }
  | {
      /** A count, a number in the data of an event, or a duration in ms. */
      readonly is: 'number';
      /** What lets it pass. */
      readonly comparison: Comparison<number>;
    }
  | {
      /** An ISO date or time, as it was written: a date is the whole day. */
      readonly is: 'moment';
      /** What lets it pass. */
      readonly comparison: Comparison<string>;
    };

/** `key:value` */
export interface Term {
  /** What is looked at. */
  readonly key: SelectionKey;
  /** Of `header`, the name; of `data`, the path with its dots. */
  readonly path?: string;
  /** None of the values may hold, instead of one of them. */
  readonly not: boolean;
  /** At least one. */
  readonly values: readonly Value[];
}

/** Which dead letters are meant. */
export interface Selection {
  /** All must hold. None: every dead letter is meant. */
  readonly terms: readonly Term[];
}

/**
 * What must be looked at to tell whether a term holds: the dead letter itself; what the stream of its event says
 * about it; or the event.
 */
export type Source = 'letter' | 'state' | 'event';

export interface KeyFacts {
  readonly takes: 'text' | 'choice' | 'count' | 'duration' | 'moment' | 'data';
  readonly from: Source;
  /** Of `choice`. */
  readonly choices?: readonly string[];
}

export const selectionKeys = {
  consumer: { takes: 'text', from: 'letter' },
  subject: { takes: 'text', from: 'letter' },
  type: { takes: 'text', from: 'letter' },
  group: { takes: 'text', from: 'letter' },
  fingerprint: { takes: 'text', from: 'letter' },
  name: { takes: 'text', from: 'letter' },
  code: { takes: 'text', from: 'letter' },
  reason: { takes: 'text', from: 'letter' },
  kind: {
    takes: 'choice',
    from: 'letter',
    choices: [
      'error',
      'timeout',
      'no-report',
      'rejected',
      'schema',
      'encrypted',
      'missing',
      'replaced',
      'malformed',
    ],
  },
  age: { takes: 'duration', from: 'letter' },
  dead: { takes: 'moment', from: 'letter' },
  attempts: { takes: 'count', from: 'letter' },
  cycle: { takes: 'count', from: 'letter' },
  seq: { takes: 'count', from: 'letter' },
  task: { takes: 'text', from: 'letter' },
  status: { takes: 'choice', from: 'letter', choices: ['dead', 'archived'] },
  original: { takes: 'choice', from: 'state', choices: ['present', 'kept', 'missing', 'replaced'] },
  expires: { takes: 'duration', from: 'state' },
  header: { takes: 'text', from: 'event' },
  data: { takes: 'data', from: 'event' },
} as const satisfies Readonly<Record<string, KeyFacts>>;

/** What a term may look at. */
export type SelectionKey = keyof typeof selectionKeys;

export function factsOf(key: SelectionKey): KeyFacts {
  return selectionKeys[key];
}

/** These take a name after a dot. */
export function takesPath(key: SelectionKey): boolean {
  return key === 'header' || key === 'data';
}

export function isSelectionKey(text: string): text is SelectionKey {
  return Object.hasOwn(selectionKeys, text);
}

/** `data.email`: the key as it is written before the colon. */
export function keyText({ key, path }: Pick<Term, 'key' | 'path'>): string {
  return path === undefined ? key : `${key}.${path}`;
}
