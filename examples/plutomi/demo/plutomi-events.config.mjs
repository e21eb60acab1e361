// The example's own config, with seconds where production has minutes.
import production from '../plutomi-events.config.mjs';

const quick = { attempts: 2, backoff: ['300ms'], retry: { delay: '1s', attempts: 2, backoff: ['300ms'] } };

const consumers = Object.entries(production.consumers).map(([name, consumer]) => {
  const batch = consumer.batch ? { batch: { ...consumer.batch, wait: '100ms' } } : {};
  return [name, { ...consumer, ...quick, ...batch, handler: handlerOf(name, consumer) }];
});

function handlerOf(name, { handler }) {
  if (name === 'notifications-consumer' && process.env.EXAMPLE_BREAK === 'drop') return './dropping.mjs';
  return `.${handler}`;
}

export default { ...production, consumers: Object.fromEntries(consumers) };
