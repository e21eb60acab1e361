import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from '../raw/publish.mjs';
import { expectEndState } from './end-state.mjs';
import { withManager } from './streams.mjs';

/** The consumer whose handler only counts. */
export const consumer = 'bench-consumer';

/** A config with that consumer alone. */
export function configOf(settings) {
  return {
    name: 'bench',
    consumers: { [consumer]: { subjects: ['events.bench.>'], handler: './handler.mjs', ...settings } },
  };
}

/** A handler that tells its parent when it is first called, and when asked, how often it was called. */
export function countingHandler(work = '') {
  return `
let calls = 0;
process.on('message', () => process.send({ calls }));
export default async () => {
  if (calls++ === 0) process.send({ firstAt: performance.timeOrigin + performance.now() });
  ${work}
};
`;
}

/** Stores `count` events for it. */
export async function pour(server, count) {
  await fill(server.port, count, () => ({ subject: 'events.bench.made', payload: 'x'.repeat(256) }));
}

/** Waits until it has acknowledged all; none may have been delivered twice. */
export async function settled(server) {
  await withManager(server, async (jsm) => {
    for (;;) {
      const info = await jsm.consumers.info('events', consumer);
      if (info.num_pending === 0 && info.num_ack_pending === 0) {
        expectEndState('deliveries', { redelivered: info.num_redelivered }, { redelivered: 0 });
        return;
      }
      await sleep(5);
    }
  });
}
