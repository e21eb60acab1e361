import { setTimeout as sleep } from 'node:timers/promises';
import { applyConfig } from '../design-ours.mjs';
import { between } from '../random.mjs';

/** The config changes every few seconds, is applied to the running pipeline, and the workers restart one by one. */
export const apply = {
  name: 'apply',
  on: ['single', 'cluster'],
  async faults(bed) {
    const { config, project, workers, random, endsAt, fault } = bed;
    for (let change = 0; Date.now() < endsAt; change++) {
      const what = changes[change % changes.length](config, random, bed);
      project.writeConfig(config);
      await applyConfig(project);
      fault(`applied: ${what}`);
      for (const slot of workers.slots) {
        slot.signal('SIGTERM');
        await sleep(between(random, 500, 2000));
      }
    }
  },
};

const changes = [
  function newConsumer(config, _random, bed) {
    if (config.consumers.search) return 'nothing';
    config.consumers.search = { ...structuredClone(config.consumers.audit), events: ['signup'] };
    bed.wanted.search = ['signup'];
    return 'consumer search';
  },
  function otherAckWait(config, random) {
    const ackWait = `${between(random, 3, 8)}s`;
    for (const consumer of Object.values(config.consumers)) consumer.ackWait = ackWait;
    return `ackWait ${ackWait}`;
  },
  function otherBackoff(config, random) {
    const backoff = `${between(random, 50, 300)}ms`;
    for (const consumer of Object.values(config.consumers)) consumer.backoff = [backoff];
    return `backoff ${backoff}`;
  },
  function otherMaxAge(config, random) {
    const maxAge = `${between(random, 2, 9)}d`;
    config.streams.events = { maxAge };
    return `maxAge ${maxAge}`;
  },
  function otherMeta(config, random) {
    const ackWait = `${between(random, 3, 8)}s`;
    config.meta.ackWait = ackWait;
    return `ackWait ${ackWait} of the meta-consumers`;
  },
];
