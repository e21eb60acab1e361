import type { Environment } from '../../connection/environment.js';

/** Flags about the server, each with the variable that says the same. */
const variables = [
  ['creds', 'NATS_CREDS'],
  ['nkey', 'NATS_NKEY'],
  ['user', 'NATS_USER'],
  ['password', 'NATS_PASSWORD'],
  ['token', 'NATS_TOKEN'],
  ['tlsca', 'NATS_CA'],
  ['tlscert', 'NATS_CERT'],
  ['tlskey', 'NATS_KEY'],
  ['inbox-prefix', 'NATS_INBOX_PREFIX'],
] as const;

/** What an example is told. */
export interface ExampleEnvironment {
  readonly environment: Environment;
  readonly flags: Readonly<
    Partial<
      Record<(typeof variables)[number][0], string | undefined> &
        Record<'stay' | 'explain' | 'no-color', boolean | undefined>
    >
  >;
  readonly url: string;
  /** Path of this command line. */
  readonly bin: string;
}

/** The environment of an example: nothing of the servers, contexts and pipelines that its user works with otherwise. */
export function exampleEnvironment(options: ExampleEnvironment): NodeJS.ProcessEnv {
  const { environment, flags, url, bin } = options;
  const inherited = Object.entries(environment.variables).filter(
    ([name]) => !/^(?:NATS|PLUTOMI|EXAMPLE)_/.test(name) || kept.has(name),
  );
  const named = variables.flatMap(([flag, variable]) => {
    const value = flags[flag];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(named),
    NATS_URL: url,
    PLUTOMI_EVENTS_BIN: bin,
    ...(flags['no-color'] ? { NO_COLOR: '1', FORCE_COLOR: undefined } : {}),
    ...(flags.stay ? { EXAMPLE_STAY: '1' } : {}),
    ...(flags.explain ? { EXAMPLE_EXPLAIN: '1' } : {}),
  };
}

const kept = new Set(['NATS_SERVER_BIN', 'EXAMPLE_BREAK']);
