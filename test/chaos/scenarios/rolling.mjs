import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../random.mjs';
import { waitForPlacement } from '../servers.mjs';

/** kill -9 of the three nodes, one after the other, again and again. */
export const rolling = {
  name: 'rolling',
  on: ['cluster'],
  baseline: true,
  faults: (bed) => rollThroughNodes(bed, () => Date.now() < bed.endsAt),
};

/**
 * Kills one node after the other while `goesOn`; each is back, and the cluster whole, `pause` (from and to, ms) before
 * the next.
 */
export async function rollThroughNodes({ admin, count, nodes, random, fault }, goesOn, pause = [300, 1500]) {
  for (let turn = 0; goesOn(); turn++) {
    const node = nodes[turn % nodes.length];
    await node.kill9();
    fault(`kill -9 of ${node.name}`);
    await sleep(between(random, 1000, 3000));
    await node.start();
    await waitForPlacement(admin, count);
    fault(`${node.name} is back`);
    await sleep(between(random, ...pause));
  }
}
