// npm run outbox: writers add events in transactions of random length, the relay and the database are killed again and
// again, and every event is accounted for. A poller that keeps a position runs beside it, and loses some.
//
//   node test/outbox/run.mjs [--rows 100000] [--writers 32] [--kills 20] [--keys 2000]
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPipeline } from '../../dist/lib/index.js';
import { startServer } from '../../dist/lib/internals.js';
import { openOutbox } from '../../dist/lib/postgres/index.js';
import { startPostgres } from '../../examples/notes/5-outbox/postgres.mjs';
import { root } from '../../scripts/places.mjs';
import { readFlags } from '../../scripts/read-flags.mjs';
import { locate } from '../../scripts/server.mjs';
import { account } from './account.mjs';
import { NaivePoller } from './naive.mjs';
import { prepare, Writers } from './writers.mjs';

const { rows, writers, kills, keys } = readFlags('outbox', {
  rows: { type: 'string', default: '100000', count: true },
  writers: { type: 'string', default: '32', count: true },
  kills: { type: 'string', default: '20', count: true },
  keys: { type: 'string', default: '2000', count: true },
});
const folder = mkdtempSync(join(tmpdir(), 'plutomi-outbox-'));
const config = { name: 'outbox', events: { 'thing.changed': {} }, consumers: {} };
const limitMs = 60_000 + rows * 12;

const relays = new Map();
let ending = false;
let server;
process.once('exit', () => {
  for (const relay of relays.values()) relay.kill('SIGKILL');
  server?.kill9();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

try {
  process.exitCode = (await prove()) ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
process.exit();

async function prove() {
  const began = performance.now();
  writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  const postgres = await startPostgres();
  server = await startServer({
    binary: (await locate()).path,
    storeDir: join(folder, 'store'),
    logFile: join(folder, 'nats.log'),
  });
  const pipeline = await openPipeline({ cwd: folder, server: server.url });
  const run = await pipeline.run({ apply: true, handlers: new Map() });
  await run.stop(0);
  const outbox = await openOutbox({ cwd: folder });
  // One that was cut off must not wait for ever.
  const pool = new pg.Pool({
    connectionString: postgres.url,
    max: writers + 4,
    connectionTimeoutMillis: 30_000,
    query_timeout: 60_000,
  });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  await prepare(pool, outbox, keys);
  for (const name of ['relay-1', 'relay-2']) startRelay(name, postgres.url);
  const naive = new NaivePoller(pool);
  const work = new Writers({ pool, outbox, rows, keys, count: writers });
  const finished = work.run();

  for (let kill = 1; kill <= kills; kill++) {
    await until(`${kill} of ${kills} kills`, () => work.committed >= (rows * kill) / (kills + 1));
    const relay = await busyRelay(pipeline);
    if (kill % 2 === 1) relay?.kill('SIGKILL');
    else {
      await postgres.kill9();
      await postgres.start();
    }
    tell(`kill -9 of ${kill % 2 === 1 ? 'a relay' : 'the database'}, ${work.committed} rows committed`);
  }
  await finished;
  const waiting = async () => {
    const { rows: found } = await pool.query('select count(*)::int as n from outbox');
    return found[0].n;
  };
  await until('the outbox is empty', async () => (await waiting()) === 0);
  ending = true;
  const lostByNaive = await naive.end();
  const found = await account(pool, pipeline);
  const seconds = Math.round((performance.now() - began) / 1000);
  tell(
    `${work.rolledBack} transactions rolled back, of which the stream has ${found.unknown}; ${work.failed} broken off; ` +
      `${repeatsTold()} or more events published again and dropped; ${seconds} s`,
  );
  console.log(
    `rows ${format(found.rows)}, lost ${found.lost}, doubled ${found.doubled}, ` +
      `out of order per key ${found.disordered}; naive poller lost ${format(lostByNaive)}`,
  );
  await pool.end();
  await pipeline.close();
  await postgres.stop();
  const isWhole = found.rows === rows && found.lost + found.doubled + found.unknown + found.disordered === 0;
  return isWhole && lostByNaive > 0;
}

function startRelay(name, url) {
  const log = openSync(join(folder, `${name}.log`), 'a');
  const words = [join(root, 'bin', 'run.js'), 'outbox', 'relay', '--log-level', 'debug'];
  const env = { ...process.env, NATS_URL: server.url, DATABASE_URL: url };
  const relay = spawn(process.execPath, words, { cwd: folder, env, stdio: ['ignore', log, log] });
  relays.set(name, relay);
  // As a supervisor does.
  relay.once('exit', () => {
    if (!ending) setTimeout(() => startRelay(name, url), 100);
  });
}

/** The relay at work, the last to say so, when it has much to do: some of it is published and not removed yet. */
async function busyRelay(pipeline) {
  const [atWork] = [...relays.entries()]
    .map(([name, relay]) => ({ relay, since: lastStart(join(folder, `${name}.log`)) }))
    .toSorted((a, b) => (a.since < b.since ? 1 : -1));
  atWork?.relay.kill('SIGSTOP');
  await sleep(1500);
  const { lastSeq } = await stored(pipeline);
  atWork?.relay.kill('SIGCONT');
  const end = performance.now() + 5000;
  while ((await stored(pipeline)).lastSeq === lastSeq && performance.now() < end);
  return atWork?.relay;
}

async function stored({ link }) {
  const info = await link.streamInfo('events');
  return { lastSeq: info.state.last_seq };
}

/** What the stream has dropped because it had it: a relay says so in its log, if it lives to do that. */
function repeatsTold() {
  const lines = [...relays.keys()].flatMap((name) =>
    readFileSync(join(folder, `${name}.log`), 'utf8').split('\n'),
  );
  return lines
    .filter((line) => line.includes('"duplicates":'))
    .reduce((sum, line) => sum + (JSON.parse(line).duplicates ?? 0), 0);
}

function lastStart(log) {
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('relaying the outbox'));
  return lines.length === 0 ? '' : JSON.parse(lines.at(-1)).time;
}

async function until(what, test) {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      if (await test()) return;
    } catch {
      // The database is away.
    }
    if (performance.now() > end) throw new Error(`after ${limitMs} ms still not: ${what}`);
    await sleep(20);
  }
}

function tell(text) {
  process.stderr.write(`${text}\n`);
}

function format(number) {
  return number.toLocaleString('en');
}
