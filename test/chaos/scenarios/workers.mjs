import { setTimeout as sleep } from 'node:timers/promises';
import { pick } from '../random.mjs';

/** kill -9 of a worker every two seconds. */
export const workers = {
  name: 'workers',
  on: ['single', 'cluster'],
  async faults({ workers, random, endsAt, fault }) {
    while (Date.now() < endsAt) {
      const slot = pick(random, workers.slots);
      slot.signal('SIGKILL');
      fault(`kill -9 of worker ${workers.slots.indexOf(slot) + 1}`);
      await sleep(2000);
    }
  },
};
