import { setTimeout as sleep } from 'node:timers/promises';
import { insistently } from '../admin.mjs';
import { between, pick } from '../random.mjs';
import { verifyProblems } from '../told.mjs';

const lives = { events: '30s', advisories: '40s' };
/** Long enough for the first events to age out while the last are published, and slow enough to keep up with. */
const leastDurationMs = 60_000;
const mostPerSecond = 60;

/**
 * Events live 30 s, the journal keeps 40 s, and message ids are known for 2 s: most of it ages out while the pipeline
 * works. The events of dead letters and of waiting retries are kept, so that no dead letter has lost its event.
 */
export const aging = scenarioOf('aging', { keepOriginals: true });

/**
 * The same without keeping anything. A retry that a killed worker held comes back after 30 s, when its event is gone:
 * that is a dead letter which says so.
 */
export const unkept = scenarioOf('unkept', { keepOriginals: false });

function scenarioOf(name, { keepOriginals }) {
  return {
    name,
    on: ['single', 'cluster'],
    configure(config, options) {
      const slowly = (options.events / mostPerSecond) * 1000;
      options.durationMs = Math.max(options.durationMs, leastDurationMs, slowly);
      config.keepOriginals = keepOriginals;
      for (const [role, maxAge] of Object.entries(lives))
        config.streams[role] = { maxAge, duplicateWindow: '2s' };
      for (const consumer of Object.values(config.consumers))
        Object.assign(consumer, { timeout: '2s', ackWait: '2s' });
    },
    // Without that, what is dead or waits for so long has no original any more.
    tolerated: keepOriginals ? [] : ['original-missing'],
    async faults({ workers, random, endsAt, fault }) {
      while (Date.now() < endsAt) {
        const slot = pick(random, workers.slots);
        slot.signal('SIGKILL');
        fault(`kill -9 of worker ${workers.slots.indexOf(slot) + 1}`);
        await sleep(between(random, 5000, 8000));
      }
    },
    /** When all has aged out, the dead letters are all that is left, and nothing is said that nobody can know. */
    async check({ admin, project, fault }, { result, dead }) {
      const count = async (stream) =>
        (await insistently(() => admin.jsm.streams.info(stream))).state.messages;
      const before = await count('events');
      const deadline = performance.now() + 120_000;
      while ((await count('events')) + (await count('events-advisories')) > 0) {
        if (performance.now() > deadline) return ['events and journal have not aged out'];
        await sleep(500);
      }
      fault(`the last ${before} events and the journal have aged out`);
      const left = await count('events-dlq');
      return [
        ...(left === dead.length ? [] : [`${dead.length} dead letters were there, and ${left} are left`]),
        ...(keepOriginals && result.evicted > 0
          ? [`${result.evicted} dead letters have lost their event`]
          : []),
        ...(await verifyProblems(project, this.tolerated)),
      ];
    },
  };
}
