// The example's own config, with seconds where production has minutes.
import { fileURLToPath } from 'node:url';
import production from '../plutomi-events.config.mjs';

const quick = { attempts: 2, backoff: ['300ms'], retry: { delay: '2s', attempts: 2, backoff: ['500ms'] } };

const consumers = Object.entries(production.consumers).map(([name, consumer]) => {
  const handler = fileURLToPath(new URL(`../${consumer.handler}`, import.meta.url));
  const batch = consumer.batch ? { batch: { ...consumer.batch, wait: '100ms' } } : {};
  return [name, { ...consumer, ...quick, ...batch, handler }];
});

export default { ...production, consumers: Object.fromEntries(consumers) };
