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
  readonly flags: { readonly [Flag in (typeof variables)[number][0]]?: string | undefined };
  readonly url: string;
  /** Path of this command line. */
  readonly bin: string;
  readonly stay: boolean;
  readonly explain: boolean;
}

/** The environment of an example: nothing of the servers, contexts and pipelines that its user works with otherwise. */
export function exampleEnvironment(options: ExampleEnvironment): NodeJS.ProcessEnv {
  const { environment, flags, url, bin, stay, explain } = options;
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
    ...(stay ? { EXAMPLE_STAY: '1' } : {}),
    ...(explain ? { EXAMPLE_EXPLAIN: '1' } : {}),
  };
}

const kept = new Set(['NATS_SERVER_BIN', 'EXAMPLE_BREAK']);
