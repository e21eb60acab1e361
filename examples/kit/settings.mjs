// What `plutomi-events examples run` tells an example. Without it: a nats-server that runs already.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const { env } = process;

/** One consumer drops one event, so that the account must fail. */
export const broken = env.EXAMPLE_BREAK === 'drop';
/** Go on until Ctrl-C. */
export const stay = env.EXAMPLE_STAY === '1';
/** Show what the nats CLI would do. */
export const explain = env.EXAMPLE_EXPLAIN === '1';
export const natsUrl = env.NATS_URL ?? 'nats://127.0.0.1:4222';
/** The same for `connect` of the NATS client. */
export const natsOptions = {
  servers: natsUrl.split(','),
  ...(env.NATS_USER ? { user: env.NATS_USER, pass: env.NATS_PASSWORD } : {}),
  ...(env.NATS_TOKEN ? { token: env.NATS_TOKEN } : {}),
};
/** The command line itself: in the checkout, the one of the checkout. */
export const bin = env.PLUTOMI_EVENTS_BIN ?? fileURLToPath(new URL('../../bin/run.js', import.meta.url));
/** The folder of the example that runs. */
export const place = dirname(process.argv[1]);
