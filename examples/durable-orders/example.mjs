// The restart test: run the program, stop it with Ctrl-C, run it again. Nothing is missed, and nothing done twice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  closeAccount,
  command,
  output,
  stay,
  step,
  tell,
  title,
  until,
  untilStopped,
} from '../kit/index.mjs';
import { notes, storeFolder } from './files.mjs';

/** Where the server keeps how far each durable is. */
const durables = `${storeFolder}/jetstream/$G/streams/ORDERS/obs`;

title('Orders and registrations, a program that is stopped, and nothing missed');
if (stay) await stayUntilStopped();
else await restart();

async function restart() {
  tell('All is ten times as fast as in the program: an order event each 0.3 s.');

  // Of an earlier run in this folder.
  for (const name of readdirSync('.')) {
    if (/\.ndjson$|^first-start\.txt$/.test(name)) rmSync(name);
  }
  rmSync(storeFolder, { recursive: true, force: true });

  step('The first run: it makes the store, the stream and the durable consumers', {
    nats: [
      'nats-server -js -sd ./jetstream-store',
      'nats stream add ORDERS --defaults --subjects orders.events,users.registrations --max-age 7d',
      'nats consumer add ORDERS order-processor --defaults --pull --deliver all --max-deliver 3',
      'nats consumer add ORDERS analytics-processor --defaults --pull --deliver 1h --max-pending 1',
    ],
  });
  await runUntil(() => notes('order-processor').length >= 8 && notes('verification').length >= 3);
  const before = notes('orders').length;
  tell(`${waitingFor('order-processor')} of ${before} order events wait on disk for order-processor.`);
  if (existsSync(durables)) {
    tell(`${durables}:`);
    output(readdirSync(durables).toSorted().join('\n'));
  }

  step('The second run: it goes on where it was', { nats: 'nats consumer info ORDERS order-processor' });
  await runUntil(() => notes('orders').length >= before + 4 && notes('order-processor').length >= before + 3);

  step('Check that everything adds up');
  account(before);
}

function account(before) {
  const published = notes('orders').length;
  const [orders, analytics] = [notes('order-processor'), notes('analytics-processor')];
  const waiting = waitingFor('order-processor');
  const registered = notes('registrations').length;
  const checked = notes('verification');
  closeAccount([
    ['order events published', published, published, `${before} of them in the first run`],
    ['order-processor', different(orders), published - waiting, `${waiting} left for the next run`],
    ['  again', orders.length - different(orders), 0],
    ['analytics-processor', different(analytics), published - waitingFor('analytics-processor')],
    ['  again', analytics.length - different(analytics), 0],
    ['  out of order', analytics.filter(({ seq }, i) => seq < (analytics[i - 1]?.seq ?? 0)).length, 0],
    ['verification', different(checked), registered - 2, 'ephemeral: one of each run came too late'],
    ['  more than two at once', checked.filter(({ atOnce }) => atOnce > 2).length, 0],
    [
      'e-mails',
      notes('mails').length,
      checked.filter(({ verified }) => !verified).length,
      'to the unverified',
    ],
  ]);
}

/** When the program ended last. */
function waitingFor(consumer) {
  return notes('waiting').findLast(({ name }) => name === consumer).count;
}

function different(lines) {
  return new Set(lines.map(({ id }) => id)).size;
}

/** Runs the program, presses Ctrl-C when the time has come, and shows what it has said. */
async function runUntil(isTime) {
  command('ORDERS_QUICK=1 node app.mjs');
  const app = start({ ORDERS_QUICK: '1' }, ['ignore', 'pipe', 'inherit', 'ipc']);
  createInterface({ input: app.child.stdout }).on('line', (line) => output(line));
  await until('the program', () => app.code !== undefined || isTime(), 60_000);
  command('^C');
  app.child.kill('SIGINT');
  await until('its end', () => app.code !== undefined, 60_000);
  if (app.code !== 0) throw new Error(`the program ended with ${app.code}: see above`);
}

/** As it is: an order event each 3 s, a registration each 5 s. */
async function stayUntilStopped() {
  const app = start({}, ['ignore', 'inherit', 'inherit', 'ipc']);
  const ended = once(app.child, 'exit');
  await Promise.race([untilStopped(), ended]);
  app.child.kill('SIGINT');
  await ended;
  process.exitCode = app.code === 0 ? 0 : 1;
}

function start(env, stdio) {
  const child = spawn(process.execPath, ['app.mjs'], { stdio, env: { ...process.env, ...env } });
  const app = { child, code: undefined };
  child.once('exit', (code, signal) => {
    app.code = code ?? signal;
  });
  process.once('exit', () => child.kill('SIGKILL'));
  return app;
}
