/**
 * What to do next, as data: the command line turns it into words, and any other front end into what it has.
 *
 * A plain string is a hint for a person. Everything that can be run is structured, with nothing quoted and without the
 * flags that say which server is meant: whoever shows it knows how it was called.
 */

/** `switch`: on when it is there; `one`: takes a value; `needed`: the command does not run without it; `many`: may be repeated. */
type FlagKind = 'switch' | 'one' | 'needed' | 'many';

/** Our own commands that are suggested, with the flags that suggestions give them. */
export const suggestedCommands = {
  'advisories tail': { since: 'one' },
  'config schema': {},
  'dlq archive': { all: 'switch', 'dry-run': 'switch', reason: 'needed' },
  'dlq edit': { all: 'switch', 'dry-run': 'switch', reason: 'needed' },
  'dlq discard': { all: 'switch', archived: 'switch', 'dry-run': 'switch', reason: 'needed' },
  'dlq groups': {},
  'dlq list': { archived: 'switch', consumer: 'one', 'group-by': 'one' },
  'dlq replay': { all: 'switch', 'dry-run': 'switch', task: 'one' },
  'dlq restore': { all: 'switch', 'dry-run': 'switch' },
  'dlq report': { since: 'one', task: 'one' },
  'dlq show': { archived: 'switch' },
  'events explain': {},
  'events publish': {
    count: 'one',
    data: 'one',
    header: 'many',
    id: 'one',
    json: 'switch',
    param: 'many',
  },
  'events replay': {
    confirm: 'one',
    'from-seq': 'one',
    handler: 'one',
    json: 'switch',
    'keep-ids': 'switch',
    name: 'one',
    output: 'one',
    rate: 'one',
    speed: 'one',
    to: 'one',
    'to-context': 'one',
    'to-server': 'one',
    until: 'one',
    yes: 'switch',
  },
  'examples list': {},
  'examples run': {},
  'operations log': { since: 'one' },
  'outbox relay': { install: 'switch' },
  'pipeline apply': {
    adopt: 'switch',
    'allow-loss': 'many',
    'dry-run': 'switch',
    'move-dead-letters': 'many',
    replace: 'many',
  },
  'pipeline permissions': { role: 'needed' },
  'pipeline resume': {},
  'pipeline run': { apply: 'switch', embedded: 'switch' },
  'pipeline status': { watch: 'switch' },
  'pipeline verify': { repair: 'switch' },
  'server install': { version: 'one' },
  'server start': { port: 'one' },
  'server stop': {},
  'tasks cancel': {},
  'tasks list': {},
  'tasks show': {},
  'tasks watch': {},
} as const satisfies Record<string, Readonly<Record<string, FlagKind>>>;

/** Flags of the command that was run, which it could be given in another way. */
export const suggestedFlags = [
  'allow-loss',
  'consumer',
  'js-domain',
  'move-dead-letters',
  'only',
  'pipeline',
  'replace',
  'subject',
  'timeout',
] as const;

/** A part of a command that the reader fills in, shown as `<name>`, behind a part that is known. */
export interface Blank {
  /** The known part, e.g. `orders-consumer/`. */
  readonly before?: string;
  /** What to fill in, e.g. `sequence`. */
  readonly blank: string;
}

/** A word of a command: as it is, or for the reader to fill in. */
export type SuggestedWord = string | number | Blank;

/** A command of this program. */
export interface OwnCommand {
  /** Tells it from the other forms of a suggestion. */
  readonly do: 'run';
  /** As it is typed: `dlq list`. */
  readonly command: string;
  /** Its arguments, in order. */
  readonly args?: readonly SuggestedWord[];
  /** By name, without the dashes; `true` is a switch. */
  readonly flags?: Readonly<Record<string, true | SuggestedWord | readonly SuggestedWord[]>>;
  /** The folder to run it in, where that is another one. */
  readonly folder?: string;
  /** What it is for, or when it is right. */
  readonly why?: string;
  /** What there is to say beside it. */
  readonly note?: string;
}

/** A command of another program, such as the nats CLI. */
export interface OtherCommand {
  /** Tells it from the other forms of a suggestion. */
  readonly do: 'run-other';
  /** Its name, e.g. `nats`. */
  readonly program: string;
  /** Its arguments and flags, unquoted. */
  readonly words: readonly SuggestedWord[];
  /** What it is for, or when it is right. */
  readonly why?: string;
  /** Shown behind the command, as a shell comment. */
  readonly note?: string;
}

/** The same command again, with this flag. */
export interface GivenFlag {
  /** Tells it from the other forms of a suggestion. */
  readonly do: 'give';
  /** Its name, without the dashes. */
  readonly flag: string;
  /** The value to give it. */
  readonly value: string;
  /** What it is for, or when it is right. */
  readonly why?: string;
}

/** What to do next: a sentence, a command, or a flag to add to the same command. */
export type Suggestion = string | OwnCommand | OtherCommand | GivenFlag;

type Commands = typeof suggestedCommands;
interface ValueOf {
  readonly switch: true;
  readonly one: SuggestedWord;
  readonly needed: SuggestedWord;
  readonly many: SuggestedWord | readonly SuggestedWord[];
}
type Value<Kind> = Kind extends FlagKind ? ValueOf[Kind] : never;
type Needed<Flags> = { [F in keyof Flags]: Flags[F] extends 'needed' ? F : never }[keyof Flags];
type FlagsOf<Flags> = { readonly [F in Needed<Flags>]: Value<Flags[F]> } & {
  readonly [F in Exclude<keyof Flags, Needed<Flags>>]?: Value<Flags[F]>;
};
type Rest<Flags> = Pick<OwnCommand, 'args' | 'folder' | 'why' | 'note'> &
  ([Needed<Flags>] extends [never]
    ? { readonly flags?: FlagsOf<Flags> }
    : { readonly flags: FlagsOf<Flags> });

/** Suggests a command of this program. Which flags it has is known to the compiler. */
export function suggestCommand<C extends keyof Commands>(
  command: C,
  ...[rest]: [Needed<Commands[C]>] extends [never] ? [rest?: Rest<Commands[C]>] : [rest: Rest<Commands[C]>]
): OwnCommand {
  return { do: 'run', command, ...rest };
}

/** Suggests a command of another program. */
export function suggestOther(
  program: string,
  words: readonly SuggestedWord[],
  rest: Pick<OtherCommand, 'why' | 'note'> = {},
): OtherCommand {
  return { do: 'run-other', program, words, ...rest };
}

/** Suggests to give the same command this flag. */
export function suggestFlag(
  flag: (typeof suggestedFlags)[number],
  value: string,
  why = 'did you mean',
): GivenFlag {
  return { do: 'give', flag, value, why };
}

/** Each of them once, in order. */
export function distinct(suggestions: Iterable<Suggestion>): Suggestion[] {
  return [...new Map([...suggestions].map((one) => [JSON.stringify(one), one])).values()];
}
