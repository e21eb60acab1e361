// The folder of the run: a config, its handlers, and 1,000 events.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { incident } from '../../bench/fixtures/incident.mjs';

const handlers = new URL('handlers.mjs', import.meta.url).href;
const quick = { attempts: 2, backoff: ['50ms'], retry: { delay: '200ms', attempts: 1 }, concurrency: 50 };
const reader = (event, handler) => ({ events: [event], handler: `./${handler}.mjs`, ...quick });

const config = {
  name: 'incident',
  events: { 'totp.requested': {}, 'page.viewed': {}, 'order.placed': {} },
  consumers: {
    'notifications-consumer': reader('totp.requested', 'notify'),
    'analytics-consumer': reader('page.viewed', 'analyze'),
    'shipping-consumer': reader('order.placed', 'ship'),
    'audit-consumer': { ...reader('', 'audit'), events: ['totp.requested', 'page.viewed', 'order.placed'] },
  },
};

const typeOf = {
  SmtpTimeoutError: 'totp.requested',
  ClickHouseError: 'page.viewed',
  TypeError: 'order.placed',
};

/** All events. Orders lack an address: the handler reads the street of nothing. */
export function events() {
  return incident().map(({ name }, n) => ({
    type: typeOf[name],
    data: { n, email: `user${n}@example.com` },
    id: `event-${n}`,
  }));
}

/** The consumer that an event of the fixture is for, beside the audit. */
export function consumerOf(type) {
  return Object.keys(config.consumers).find((name) => config.consumers[name].events[0] === type);
}

/** Writes the config and the handlers. */
export function writeProject(folder) {
  writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(config, null, 2));
  for (const name of ['notify', 'analyze', 'ship', 'audit'])
    writeFileSync(
      join(folder, `${name}.mjs`),
      `export { ${name} as default } from ${JSON.stringify(handlers)};\n`,
    );
}

/** What the handlers did, each time. */
export function effectsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.startsWith('effects-'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line));
}
