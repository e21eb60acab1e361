/**
 * What we tell people to type of the `nats` CLI, as its source at `natsCliVersion` has it: its commands, how many
 * arguments each takes, and those of its flags that we use. Read it there before you add to it.
 */
export const natsCliVersion = '0.4.0';

interface NatsCommand {
  readonly args: number;
  /** `switch`: takes no value; `text`: any; a list: one of these. */
  readonly flags?: Readonly<Record<string, 'switch' | 'text' | readonly string[]>>;
  /** Without these it asks questions. */
  readonly unasked?: readonly string[];
}

/** Every command has them. */
export const natsGlobalFlags = {
  context: 'text',
  server: 'text',
  user: 'text',
  password: 'text',
  token: 'text',
  creds: 'text',
  nkey: 'text',
  tlsca: 'text',
  tlscert: 'text',
  tlskey: 'text',
  tlsfirst: 'switch',
  'js-domain': 'text',
  'inbox-prefix': 'text',
} as const satisfies NatsCommand['flags'];

/** By their words; an alias of a word has a row of its own. */
export const natsCommands: Readonly<Record<string, NatsCommand>> = {
  'account info': { args: 0 },
  audit: { args: 0 },
  'consumer add': {
    args: 2,
    flags: {
      defaults: 'switch',
      pull: 'switch',
      deliver: 'text',
      filter: 'text',
      'max-deliver': 'text',
      'max-pending': 'text',
      wait: 'text',
    },
    unasked: ['defaults', 'pull'],
  },
  'consumer info': { args: 2, flags: { json: 'switch' } },
  'consumer next': { args: 2, flags: { ack: 'switch', 'no-ack': 'switch', count: 'text' } },
  'consumer pause': { args: 3 },
  'consumer report': { args: 1 },
  'consumer resume': { args: 2 },
  'consumer rm': { args: 2 },
  'context add': { args: 1 },
  'context ls': { args: 0 },
  'context select': { args: 1 },
  'kv add': { args: 1, flags: { history: 'text' } },
  pub: { args: 2, flags: { H: 'text', count: 'text', jetstream: 'switch' } },
  'server check': { args: 0 },
  'server report jetstream': { args: 0 },
  'stream add': {
    args: 1,
    flags: {
      defaults: 'switch',
      subjects: 'text',
      'max-age': 'text',
      'max-msgs': 'text',
      retention: ['limits', 'interest', 'work'],
      storage: ['file', 'memory'],
    },
    unasked: ['defaults', 'subjects'],
  },
  'stream edit': { args: 1, flags: { 'max-msg-size': 'text' } },
  'stream get': { args: 2 },
  'stream info': { args: 1 },
  'stream ls': { args: 0 },
  'stream purge': { args: 1 },
  'stream report': { args: 0 },
  'stream rm': { args: 1 },
  'stream view': { args: 1 },
  sub: { args: 1, flags: { all: 'switch', count: 'text', queue: 'text', since: 'text', stream: 'text' } },
};
