import { setTimeout as sleep } from 'node:timers/promises';

/** The main stage is done with an event long before it is evicted, and the retry stage begins long after. */
const keptMs = 6000;
const retryDelay = '15s';

/** A size limit evicts events while pointers to them wait: their dead letters say `missing`. */
export const evict = {
  name: 'evict',
  on: ['single', 'cluster'],
  configure(config, { events, durationMs }) {
    const maxMsgs = Math.max(10, Math.ceil((events / durationMs) * keptMs));
    config.streams.events = { maxMsgs, discard: 'old' };
    for (const consumer of Object.values(config.consumers)) consumer.retry.delay = retryDelay;
  },
  async faults({ admin, endsAt, fault }) {
    await sleep(endsAt - Date.now());
    const { state } = await admin.jsm.streams.info('events');
    fault(`${state.first_seq - 1} of ${state.last_seq} events are evicted`);
  },
  check: async (_, { result }) => (result.evicted > 0 ? [] : ['nothing was evicted: the run shows nothing']),
};
