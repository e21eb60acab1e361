import * as Flags from '@oclif/core/flags';
import { defaultLogLevel, logLevels } from '../../observe/log-level.js';
import { durationMeant, formatDuration, longestTimerMs, parseDuration } from '../../domain/duration.js';
import { atHome } from '../../connection/at-home.js';
import { readEnvironment } from '../../connection/environment.js';
import { type ErrorFacts, UsageError } from '../../errors.js';

const group = 'GLOBAL';
const connection = 'CONNECTION';

/** The next step after a value that a flag can't take, where it is known what was meant. */
export function didYouMean(flag: string, value: string | undefined): ErrorFacts {
  return value === undefined ? {} : { suggestions: [`did you mean: --${flag} ${value}`] };
}

/**
 * A duration flag in milliseconds: `30s`, `5m`, `7d`. It becomes a timer; 0 only where `zero` says that it means something.
 * Where `seconds` says so, a number alone is seconds.
 */
export const durationFlag = Flags.custom<number, { zero?: true; seconds?: true }>({
  parse: async (text, _context, options) => {
    const ms = parseDuration(options.seconds && /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text);
    const range = options.zero
      ? `at most ${formatDuration(longestTimerMs)}`
      : `from 1ms to ${formatDuration(longestTimerMs)}`;
    if (ms !== undefined && (ms > longestTimerMs || (ms === 0 && !options.zero))) {
      throw new UsageError(`--${options.name}: expected a duration ${range}, found "${text}"`);
    }
    if (ms === undefined) {
      throw new UsageError(
        `--${options.name}: expected a duration like 30s, 5m or 7d, found "${text}"`,
        didYouMean(options.name, durationMeant(text)),
      );
    }
    return ms;
  },
});

/** A flag that names a file. Not every shell replaces the `~` of `--creds=~/x`. */
export const fileFlag = Flags.custom({
  parse: async (text, _context, { name }) => {
    if (text === '') throw new UsageError(`--${name}: expected the path of a file, found "" (empty)`);
    return atHome(text, readEnvironment(undefined, '/').home);
  },
  helpValue: '<file>',
});

/** Flags that every command has. They carry no defaults: precedence is settled in config/target. */
export const globalFlags = {
  server: Flags.string({
    char: 's',
    description: 'server URLs, separated by commas (env NATS_URL)',
    helpGroup: connection,
    helpValue: '<url>',
  }),
  context: Flags.string({
    description: 'context of the nats CLI to take server and credentials from (env NATS_CONTEXT)',
    helpGroup: connection,
    helpValue: '<name>',
  }),
  creds: fileFlag({
    description: 'credentials file, JWT and seed (env NATS_CREDS)',
    helpGroup: connection,
    helpValue: '<file>',
  }),
  nkey: fileFlag({
    description: 'file with an nkey seed (env NATS_NKEY)',
    helpGroup: connection,
    helpValue: '<file>',
  }),
  user: Flags.string({
    description: 'user name, or a token when there is no password (env NATS_USER)',
    helpGroup: connection,
  }),
  password: Flags.string({
    description: 'password; safer in the variable NATS_PASSWORD, which the process list does not show',
    helpGroup: connection,
  }),
  token: Flags.string({
    description: 'token; safer in the variable NATS_TOKEN, which the process list does not show',
    helpGroup: connection,
  }),
  tlsca: fileFlag({
    description: 'file with the certificate authority to trust (env NATS_CA)',
    helpGroup: connection,
    helpValue: '<file>',
  }),
  tlscert: fileFlag({
    description: 'file with the client certificate (env NATS_CERT)',
    helpGroup: connection,
    helpValue: '<file>',
    dependsOn: ['tlskey'],
  }),
  tlskey: fileFlag({
    description: 'file with the key of the client certificate (env NATS_KEY)',
    helpGroup: connection,
    helpValue: '<file>',
    dependsOn: ['tlscert'],
  }),
  'tls-first': Flags.boolean({
    description:
      'start TLS before the server says anything, as some load balancers need; without it this is detected after half a second',
    helpGroup: connection,
  }),
  'js-domain': Flags.string({
    description: 'JetStream domain to use, e.g. behind a leaf node',
    helpGroup: connection,
    helpValue: '<domain>',
  }),
  'inbox-prefix': Flags.string({
    description: 'subject prefix for answers from the server (env NATS_INBOX_PREFIX)',
    helpGroup: connection,
    helpValue: '<prefix>',
    defaultHelp: async () => '_INBOX',
  }),
  timeout: durationFlag({
    description: 'how long to wait for the connection, and for each answer from the server',
    helpGroup: connection,
    helpValue: '<duration>',
    defaultHelp: async () => '5s',
  }),
  config: fileFlag({
    char: 'c',
    description: 'config file',
    helpGroup: group,
    helpValue: '<file>',
    defaultHelp: async () => 'plutomi-events.config.{ts,mjs,js,json,yaml,yml}, here or in a folder above',
  }),
  pipeline: Flags.string({
    description:
      'which pipeline, where there is no config file and the server has several (env PLUTOMI_PIPELINE)',
    helpGroup: group,
    helpValue: '<name>',
  }),
  json: Flags.boolean({ description: 'print JSON on stdout', helpGroup: group }),
  output: Flags.option({ options: ['text', 'json'] as const })({
    char: 'o',
    description: 'json: same as --json',
    helpGroup: group,
    defaultHelp: async () => 'text',
  }),
  'no-color': Flags.boolean({ description: 'no colour', helpGroup: group }),
  'log-level': Flags.option({ options: logLevels })({
    description: 'lowest level to log',
    helpGroup: group,
    defaultHelp: async () => defaultLogLevel,
  }),
};
