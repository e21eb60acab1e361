import type { Logger } from '../../observe/log.js';
import type { ListenerOf } from '../../observe/waterfall-event.js';

/** Soon after the first, so that who has just published one sees it. */
const firstMs = 1000;
const everyMs = 10_000;

/**
 * Writes a line now and then that says how many events were processed: a person who watches a healthy pipeline would
 * else see nothing. A log for machines is spared this, and the counting.
 */
export function countSuccesses(log: Logger): ListenerOf<'succeeded'> {
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    if (counts.size === 0) return;
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const each = [...counts].map(([consumer, count]) => `${consumer} ${count}`).join(', ');
    counts.clear();
    log.info(`processed ${total} ${total === 1 ? 'event' : 'events'}: ${each}`);
    wait(everyMs);
  };
  const wait = (ms: number): void => {
    timer = setTimeout(tell, ms);
    timer.unref();
  };
  const count: ListenerOf<'succeeded'> = ({ key }) => {
    if (key.tier === 'meta') return;
    counts.set(key.consumer, (counts.get(key.consumer) ?? 0) + 1);
    if (timer === undefined) wait(firstMs);
  };
  return Object.assign(count, { wantsSuccess: () => log.isLevelEnabled('info') });
}
