// The consumers of the incident. What is out of order is said by files in the folder of the run.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { incident } from '../../bench/fixtures/incident.mjs';

const folder = process.env.INCIDENT_FOLDER;
const failures = incident();

/** Mail and ClickHouse are down; the first attempt at a repair only changes what is wrong. */
export function notify(event, context) {
  if (existsSync(join(folder, 'repaired'))) return done(event, context);
  if (existsSync(join(folder, 'repaired-wrongly')))
    throw Object.assign(new Error('535 5.7.8 authentication failed'), { code: 'EAUTH' });
  throw failureOf(event);
}

export function analyze(event, context) {
  if (existsSync(join(folder, 'repaired'))) return done(event, context);
  throw failureOf(event);
}

/** Right, but for orders that lack what it needs: that is a mistake of whoever published them. */
export function ship(event, context) {
  done(event, context, event.data.address.street);
}

/** Has no trouble, and must have none with the others'. */
export function audit(event, context) {
  done(event, context);
}

function failureOf({ data }) {
  const { name, message } = failures[data.n];
  return Object.assign(new Error(message), { name });
}

/** What the handler did to the world outside. */
function done({ data }, { consumer, cycle }, what = '') {
  const line = JSON.stringify({ n: data.n, consumer, cycle, what });
  appendFileSync(join(folder, `effects-${process.pid}`), `${line}\n`);
}
