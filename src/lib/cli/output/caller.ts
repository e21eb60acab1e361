import { basename, dirname } from 'node:path';
import type { TargetFlags } from '../../connection/target-options.js';
import type { Caller } from '../../render/suggestion.js';
import { shellWord } from '../../render/shell-word.js';

export type PlaceFlags = TargetFlags & {
  readonly config?: string | undefined;
  readonly pipeline?: string | undefined;
};

/** What `callerOf` needs to know beside the flags. */
export interface Surroundings {
  /** The password that a user may have from elsewhere: without one, `--user` is a token. */
  readonly natsPassword?: string | undefined;
  readonly natsUrl?: string | undefined;
  readonly natsContext?: string | undefined;
  /** The servers that were connected to, without credentials. */
  readonly servers?: string | undefined;
  /** The config was read from the server: whoever needs the config goes there too. */
  readonly isApplied?: boolean | undefined;
}

/** Flags that say where to go and are repeated as they were given, with their names in the nats CLI. */
const repeated = [
  ['context', 'context'],
  ['creds', 'creds'],
  ['nkey', 'nkey'],
  ['tlsca', 'tlsca'],
  ['tlscert', 'tlscert'],
  ['tlskey', 'tlskey'],
  ['tls-first', 'tlsfirst'],
  ['js-domain', 'js-domain'],
  ['inbox-prefix', 'inbox-prefix'],
] as const satisfies readonly (readonly [keyof TargetFlags, string])[];

/** The names of all flags that a suggested command repeats. */
export const repeatedFlags = [
  'server',
  'user',
  'config',
  'pipeline',
  ...repeated.map(([own]) => own),
] as const;

/** The caller of this process, for suggestions that lead to where it went. No secret is among its words. */
export function callerOf(flags: PlaceFlags = {}, around: Surroundings = {}): Caller {
  const config = [
    ...(flags.config === undefined ? [] : ['--config', shellWord(flags.config)]),
    ...(flags.pipeline === undefined ? [] : ['--pipeline', shellWord(flags.pipeline)]),
  ];
  const login = loginWords(flags, around);
  const toServer = [...serverWords(flags.server), ...login, ...placeWords(flags, 0), ...config];
  return {
    program: programName(process.argv[1]),
    toServer,
    toConfig: around.isApplied ? toServer : config,
    others: {
      nats: [...natsServerWords(flags, around), ...login, ...placeWords(flags, 1)],
    },
  };
}

/** A package of a project is not on the PATH of a shell: it is called by npx. */
export function programName(script = ''): string {
  const name = 'plutomi-events';
  const folder = dirname(script);
  const isLocal = basename(folder) === '.bin' && basename(dirname(folder)) === 'node_modules';
  return isLocal ? `npx ${name}` : name;
}

function placeWords(flags: PlaceFlags, name: 0 | 1): string[] {
  return repeated.flatMap((names) => {
    const value = flags[names[0]];
    if (value === undefined || value === false) return [];
    return [`--${names[name]}`, ...(value === true ? [] : [shellWord(value)])];
  });
}

/** Servers with credentials are left for the reader to fill in: which part of them is secret can't be told for sure. */
function serverWords(urls: string | undefined): string[] {
  if (urls === undefined) return [];
  return ['--server', urls.includes('@') ? '<servers>' : shellWord(urls)];
}

/** The nats CLI knows neither our config file nor the server of a folder. */
function natsServerWords(flags: PlaceFlags, { natsUrl, natsContext, servers }: Surroundings): string[] {
  if (flags.server !== undefined) return serverWords(flags.server);
  const isNamed = [flags.context, natsUrl, natsContext].some((name) => name !== undefined);
  return isNamed ? [] : serverWords(servers);
}

function loginWords({ user, password, token }: PlaceFlags, { natsPassword }: Surroundings): string[] {
  if (token !== undefined) return ['--token', '<token>'];
  if (user === undefined) return password === undefined ? [] : ['--password', '<password>'];
  if (password !== undefined) return ['--user', shellWord(user), '--password', '<password>'];
  // A user without a password is a token.
  return ['--user', natsPassword === undefined ? '<user>' : shellWord(user)];
}
