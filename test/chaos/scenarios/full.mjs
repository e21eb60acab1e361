import { setTimeout as sleep } from 'node:timers/promises';
import { insistently } from '../admin.mjs';
import { between } from '../random.mjs';

const ballast = 'ballast';
const pieceBytes = 256 * 1024;
const limitMegabytes = 96;

/**
 * JetStream's storage is filled to its limit while events exhaust, and freed again after some seconds. On one
 * server it is the server's limit; in a cluster the account's, since a clustered server that reaches its own
 * turns JetStream off until it is started again.
 */
export const full = {
  name: 'full',
  on: ['single', 'cluster'],
  serverConfig: (topology) =>
    topology === 'single'
      ? `jetstream { max_file_store: ${limitMegabytes}MB }`
      : `accounts { chaos { jetstream { max_file: ${limitMegabytes * 3}MB }, users [{ user: chaos, password: chaos }] } }
no_auth_user: chaos`,
  async faults({ admin, count, random, endsAt, fault }) {
    await insistently(() =>
      admin.jsm.streams.add({ name: ballast, subjects: [ballast], num_replicas: count }),
    );
    while (Date.now() < endsAt) {
      const pieces = await fill(admin);
      fault(`full, after ${pieces} pieces of ballast`);
      const freeAt = Date.now() + between(random, 3000, 6000);
      // What others free meanwhile is filled again.
      while (Date.now() < freeAt) {
        await sleep(200);
        await fill(admin);
      }
      await insistently(() => admin.jsm.streams.purge(ballast));
      fault('freed');
      await sleep(between(random, 2000, 4000));
    }
    await insistently(() => admin.jsm.streams.delete(ballast));
  },
};

/** Publishes pieces, then ever smaller ones, until the server stores no more. */
async function fill({ js }) {
  let stored = 0;
  for (let bytes = pieceBytes; bytes >= 64; bytes /= 8) {
    const piece = new Uint8Array(bytes);
    try {
      for (;;) {
        await js.publish(ballast, piece, { timeout: 2000, retries: 0 });
        stored++;
      }
    } catch {
      // Refused: a smaller one may still fit.
    }
  }
  return stored;
}
