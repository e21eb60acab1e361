import { type Environment, readEnvironment } from './environment.js';

/** The environment for a second server: without what it says of the first, credentials above all. */
export function environmentElsewhere({ variables, cwd }: Environment): Environment {
  const kept = Object.entries(variables).filter(
    ([name]) => !name.startsWith('NATS_') || name === 'NATS_CLIENT_ID',
  );
  return readEnvironment(Object.fromEntries(kept), cwd);
}
