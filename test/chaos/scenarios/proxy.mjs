import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from '../proxy.mjs';
import { between, pick, shuffled } from '../random.mjs';

/** Workers and publishers reach the servers through a TCP proxy that delays, resets, half-closes and swallows. */
export const proxy = {
  name: 'proxy',
  on: ['single', 'cluster'],
  async front(nodes, undo) {
    const proxies = await Promise.all(nodes.map(({ port }) => startProxy(port)));
    undo.push(() => proxies.forEach((one) => one.close()));
    return { urls: proxies.map(({ url }) => url), proxies };
  },
  async faults({ front, random, endsAt, fault }) {
    while (Date.now() < endsAt) {
      for (const harm of shuffled(random, [delay, reset, halfClose, blackHole])) {
        if (Date.now() >= endsAt) return;
        fault(await harm(front.proxies, random));
        await sleep(between(random, 1000, 3000));
      }
    }
  },
};

async function delay(proxies, random) {
  const ms = between(random, 100, 1200);
  for (const one of proxies) one.delay(ms);
  await sleep(between(random, 2000, 4000));
  for (const one of proxies) one.delay(0);
  return `delayed by ${ms} ms`;
}

async function reset(proxies) {
  for (const one of proxies) one.reset();
  return 'all connections reset';
}

async function halfClose(proxies, random) {
  pick(random, proxies).halfClose();
  return 'connections half-closed';
}

async function blackHole(proxies, random) {
  pick(random, proxies).blackHole();
  return 'connections became black holes';
}
