// Sessions from beginning to end: four groups handle their events, while the git service is down for some of them.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { openPipeline } from 'plutomi-events';
import {
  closeAccount,
  moment,
  output,
  run,
  start,
  stay,
  step,
  tell,
  title,
  until,
  untilStopped,
} from '../kit/index.mjs';
import { Dashboard } from './dashboard.mjs';
import { deadLetterRecords } from './dead-letters.mjs';
import { sessionEvents } from './simulator.mjs';

const sessions = 20;
/** On a busy machine. */
const patienceMs = 60_000;
const events = Array.from({ length: sessions }, (_, i) => sessionEvents(i + 1)).flat();
const countOf = (...types) => events.filter(({ type }) => types.includes(type)).length;
const pushes = events.filter(({ data }) => data.operation === 'push').length;
const failures = countOf('session.failed');
/** Ids of the dead letters that the log has told of. */
const dead = new Set();

title(`${sessions} coding sessions, four groups, and a git service that is down`);
const { alerts, server } = await listenForAlerts();
process.env.JELMORE_DEMO = '1';
// Of an earlier run in this folder.
for (const file of ['handled.ndjson', 'usage.json', 'git-service-is-down']) rmSync(file, { force: true });
process.env.ALERT_WEBHOOK = `http://127.0.0.1:${server.address().port}/alerts`;
tell('Waits are a tenth of those of the config, and sizes a hundredth: for a demo.');

step('Turn the config into streams and groups', {
  nats: [
    "nats stream add JELMORE --defaults --subjects 'jelmore.>' --max-age 7d --max-msgs 100000",
    "nats consumer add JELMORE session_handlers --defaults --pull --filter 'jelmore.session.>'",
  ],
});
output(await run('pipeline apply --yes'), (line) =>
  /^\+ create (stream JELMORE(_DLQ)?|consumer JELMORE\/\w+)$|^Done/.test(line),
);

step('Run the groups: session_handlers has two instances, the others one', {
  nats: 'nats consumer next JELMORE session_handlers --count 100',
});
const workers = [
  start('pipeline run', { name: 'worker-1', onLine: seeLog }),
  start('pipeline run --only session_handlers', { name: 'worker-2', onLine: seeLog }),
];
const dashboard = new Dashboard();
start('events tail --all --json', { name: 'dashboard', onLine: (_, event) => event && dashboard.see(event) });
await Promise.all(workers.map((worker) => worker.said('"consumers"', patienceMs)));

step(`${sessions} sessions; the git service is down`, {
  nats: `nats pub jelmore.session.created '{"event_type":"session.created","message_id":"1","payload":{"directory":"/work","query":"fix the build"}}' -H 'Session-Id: session-1'`,
});
tell('A program publishes them: pipeline.publishMany(events)');
writeFileSync('git-service-is-down', '');
const pipeline = await openPipeline();
const { count } = await pipeline.publishMany(events);
moment(`published ${count} events`);
await until('session_handlers', () => handledBy('session_handlers').length >= events.length - 1, patienceMs);
await until('the alerts', () => alerts.size === failures, patienceMs);
moment('session_handlers have handled all of them');
moment(`the webhook was told of ${alerts.size} failed sessions`);
await until('the dead letters', () => dead.size === pushes, patienceMs);
moment(`git_monitors gave up on ${pushes} pushes, after three attempts each`);
await until('the dashboard', () => dashboard.events === events.length, patienceMs);
moment(`the dashboard: ${dashboard.line()}`);

step('What died, and why?', { nats: 'nats stream view JELMORE_DLQ' });
output(await run('dlq list --group-by reason'));
tell("The first as a record of Jelmore's; node dead-letters.mjs prints all of them:");
for await (const record of deadLetterRecords(pipeline)) {
  output(JSON.stringify(record, null, 2));
  break;
}

step('The git service is back: replay', {
  nats: 'nats stream get JELMORE <sequence>   # of each, and publish it again',
});
rmSync('git-service-is-down');
output(await run("dlq replay --all --wait --yes --note 'the git service is back'"), (line) =>
  /\d/.test(line),
);

step('How was it used? Read the history again', {
  nats: 'nats sub --stream JELMORE --since 1h',
});
const replayed = await run('events replay --hours 1 --handler ./usage.mjs');
output(replayed, (line) => / read, /.test(line));
const usage = JSON.parse(readFileSync('usage.json', 'utf8'));
output(
  Object.entries(usage)
    .map(([name, value]) => `${value} ${name}`)
    .join(', '),
);

step('Check that everything adds up');
const { total: deadLetters } = await pipeline.deadLetters.list({}, 1);
closeAccount([
  ['events published', count, events.length],
  ['session_handlers', handledBy('session_handlers').length, events.length],
  [
    'file_watchers',
    handledBy('file_watchers').length,
    countOf('session.directory_changed', 'session.file_modified'),
  ],
  [
    'git_monitors',
    handledBy('git_monitors').length,
    countOf('session.git_activity'),
    `${pushes} of them after a replay`,
  ],
  ['system_monitors', handledBy('system_monitors').length, countOf('session.status', 'session.failed')],
  ['failed sessions told', alerts.size, failures],
  ['on the dashboard', dashboard.events, events.length],
  ['read again for usage', usage.sessions, sessions, 'sessions'],
  ['dead letters left', deadLetters, 0],
]);

if (stay) {
  step('More sessions, one a second; Ctrl-C ends it');
  const stopped = untilStopped().then(() => true);
  const playing = new Set();
  for (let n = sessions + 1; !(await Promise.race([stopped, delay(1000)])); n++) {
    const played = play(n, stopped).finally(() => playing.delete(played));
    playing.add(played);
    moment(dashboard.line());
  }
  await Promise.all(playing);
}
await pipeline.close();
server.close();

/** One session, an event each half second. */
async function play(n, stopped) {
  for (const { type, data, ...options } of sessionEvents(n)) {
    await pipeline.publish(type, data, options);
    if (await Promise.race([stopped, delay(500)])) return;
  }
}

function seeLog(_, record) {
  if (record?.msg === 'dead letter') dead.add(record.id);
}

/** Ids of the events that a group has handled; at least once is the promise, so each counts once. */
function handledBy(group) {
  if (!existsSync('handled.ndjson')) return [];
  const lines = readFileSync('handled.ndjson', 'utf8').split('\n').slice(0, -1);
  const handled = lines.map((line) => JSON.parse(line)).filter((line) => line.group === group);
  return [...new Set(handled.map(({ id }) => id))];
}

/** A webhook that keeps one alert of each key. */
async function listenForAlerts() {
  const alerts = new Map();
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      alerts.set(request.headers['idempotency-key'], JSON.parse(Buffer.concat(chunks).toString()));
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { alerts, server };
}
