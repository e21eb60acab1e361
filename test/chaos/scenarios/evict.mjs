import { setTimeout as sleep } from 'node:timers/promises';
import { insistently } from '../admin.mjs';
import { consumers } from '../events.mjs';

/** Later than the run's last eviction: whoever waits for its retry then finds the original gone. */
const retryDelay = '15s';
const roomForNewEvents = 200;

/**
 * A size limit of `events` evicts originals while pointers to them wait: their dead letters say `missing`. The
 * limit is set again and again to what the main stage has behind it, so that nothing goes that nobody has tried.
 */
export const evict = {
  name: 'evict',
  on: ['single', 'cluster'],
  /** Of the dead letters of evicted events. */
  tolerated: ['original-missing'],
  configure(config) {
    for (const consumer of Object.values(config.consumers)) consumer.retry.delay = retryDelay;
  },
  async faults({ admin, endsAt, fault }) {
    while (Date.now() < endsAt) {
      await sleep(2000);
      const evicted = await insistently(() => evictWhatIsTried(admin));
      fault(`${evicted} events are evicted`);
    }
  },
  check: async (_, { result }) => (result.evicted > 0 ? [] : ['nothing was evicted: the run shows nothing']),
};

/** Sets the limit to what the slowest main stage has still to acknowledge, and takes it off again. */
async function evictWhatIsTried({ jsm }) {
  const infos = await Promise.all(Object.keys(consumers).map((name) => jsm.consumers.info('events', name)));
  const tried = Math.min(...infos.map(({ ack_floor: floor }) => floor.stream_seq));
  const before = await jsm.streams.info('events');
  const limit = before.state.last_seq - tried + roomForNewEvents;
  await jsm.streams.update('events', { max_msgs: limit });
  const { state } = await jsm.streams.update('events', { max_msgs: -1 });
  return state.first_seq - 1;
}
