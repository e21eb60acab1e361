import { setTimeout as sleep } from 'node:timers/promises';
import { readAll } from '../admin.mjs';
import { applyConfig } from '../design-ours.mjs';
import { between } from '../random.mjs';

/** Failing events of `billing` are retried in one version and die at once in the other; `search` is in one only. */
function otherVersion(config) {
  const other = structuredClone(config);
  other.consumers.billing.retry = false;
  other.consumers.audit.retry = { delay: '50ms', attempts: 4, backoff: ['100ms'] };
  other.consumers.search = { ...structuredClone(config.consumers.audit), events: ['signup'] };
  return other;
}

/** Two versions of a config run at once, each worker with one, and are deployed and rolled back again and again. */
export const deploy = {
  name: 'deploy',
  on: ['single', 'cluster'],
  async faults(bed) {
    const { config, project, workers, random, wanted, endsAt, fault } = bed;
    const versions = { old: config, new: otherVersion(config) };
    wanted.search = ['signup'];
    // It has what both need: what only one has stays where it is.
    project.writeConfig(versions.new);
    await applyConfig(project);
    for (let turn = 0; Date.now() < endsAt; turn++) {
      const slot = workers.slots[turn % workers.slots.length];
      // One after the other changes: every second time the two differ, and then they work for a while.
      const name = ((turn >> 1) + turn) % 2 === 0 ? 'old' : 'new';
      project.writeConfig(versions[name]);
      const how = random() < 0.25 ? 'SIGKILL' : 'SIGTERM';
      await restarted(slot, how);
      fault(`${how} of worker ${workers.slots.indexOf(slot) + 1}, which has the ${name} version now`);
      if (turn % 2 === 1) await sleep(between(random, 1000, 3000));
    }
    project.writeConfig(versions.new);
    for (const slot of workers.slots) await restarted(slot, 'SIGTERM');
  },
  /** Whoever routed it: each exhaustion went where the worker that made it said. */
  async check({ admin }) {
    const records = (await readAll(admin, 'events-advisories'))
      .filter(({ subject }) => subject.startsWith('events-advisories.business.'))
      .map(({ body }) => JSON.parse(body))
      .filter(({ stage }) => stage === 'main');
    const of = ({ consumer, origin, cycle }) => `${consumer}/${origin.seq}/${cycle}`;
    const said = new Map();
    for (const record of records) {
      const { kind, plan } = record;
      if (kind === 'MAX_DELIVERIES') said.set(of(record), plan.retry ? 'retry' : 'dlq');
      if (kind === 'MSG_TERMINATED') said.set(of(record), 'dlq');
    }
    const astray = records.filter((one) => one.kind === 'ROUTED' && said.get(of(one)) !== one.to);
    const ways = new Set(said.values());
    return [
      ...astray.map((one) => `${of(one)} was routed to ${one.to}, its worker said ${said.get(of(one))}`),
      ...(ways.size === 2 ? [] : ['every exhaustion went the same way: the run shows nothing']),
    ];
  },
};

/** Ends a worker and settles when it is started again, with the config that is there by then. */
async function restarted(slot, signal) {
  const before = slot.starts;
  const deadline = performance.now() + 60_000;
  slot.signal(signal);
  while (slot.starts === before && performance.now() < deadline) await sleep(50);
  // The config is read in its first moments.
  await sleep(1500);
}
