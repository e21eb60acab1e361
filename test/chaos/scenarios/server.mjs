import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../random.mjs';

/** kill -9 of the single server, which is down for a moment and starts again with its store. */
export const server = {
  name: 'server',
  on: ['single'],
  async faults({ nodes, random, endsAt, fault }) {
    const [node] = nodes;
    while (Date.now() < endsAt) {
      await node.kill9();
      await sleep(between(random, 200, 2500));
      await node.start();
      fault('the server was killed and is back');
      await sleep(between(random, 2000, 5000));
    }
  },
};
