// npm run demo: an e-mail outage from beginning to end, played for real, and nothing lost.
import { closeAccount } from './demo/account.mjs';
import { command, moment, output, step, tell, title, verdict } from '../kit/narrator.mjs';
import { Stage } from './demo/stage.mjs';
import { Workers } from './demo/workers.mjs';

const calm = 200;
const during = 50;
const limitMs = 30_000;
const startedMs = performance.now();
const stage = new Stage();

process.once('exit', () => stage.clear());
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    verdict(false, 'Interrupted: stopping everything that the demo has started.');
    process.exit(130);
  });
}

try {
  await stage.prepare();
  const addsUp = await play();
  process.exitCode = addsUp ? 0 : 1;
} catch (error) {
  verdict(false, `The demo failed: ${error.message}`);
  process.exitCode = 1;
}
if (process.exitCode !== 0) {
  stage.keepFolder = true;
  tell(`Logs and data are in ${stage.folder}`);
}
process.exit();

async function play() {
  title(`${calm + during} people log in, the mail server goes down, and nothing is lost`);
  tell('All of it is real: nats-server, SMTP and the commands.');
  tell(`plutomi-events is bin/run.js, started in ${stage.folder}`);
  await startServer();
  await provision();
  const workers = await startWorkers();
  await publishCalm(workers);
  await breakMail(workers);
  await lookAround();
  await repair();
  return closing(workers);
}

async function startServer() {
  step('Start a NATS server for this folder');
  output(await run('server start'));
}

async function provision() {
  step('Turn the config into streams and consumers');
  output(await run('pipeline apply --yes'), (line) =>
    /^\+ create (stream|consumer) |^\d+ to |^Done/.test(line),
  );
}

async function startWorkers() {
  step('Run the pipeline: two processes share the load');
  tell('notifications-consumer e-mails each login code.');
  tell('analytics-consumer writes each event as a row, here to a file.');
  tell('Where CLICKHOUSE_URL is set, it writes to ClickHouse.');
  const workers = new Workers(stage.commands);
  command('plutomi-events pipeline run > worker-1.log &');
  command('plutomi-events pipeline run > worker-2.log &');
  await Promise.all([workers.start('worker-1'), workers.start('worker-2')]);
  return workers;
}

async function publishCalm(workers) {
  step(`${calm} people ask for a login code`);
  const since = performance.now();
  output(await run(`events publish totp.requested --data @totp.json --id calm --count ${calm}`));
  await until(workers, `${calm} e-mails and rows`, () => delivered(calm, calm));
  moment(`${calm} e-mails received, ${calm} analytics rows written`, secondsSince(since));
}

async function breakMail(workers) {
  step(`The mail server goes down, and ${during} more people ask`);
  await stage.mailbox.stop();
  const since = performance.now();
  const say = (text) => moment(text, secondsSince(since));
  workers.once('attempt failed', ({ reason, attempt, of }) =>
    say(`e-mails fail: ${reason} (attempt ${attempt} of ${of})`),
  );
  workers.once('routed to retry', () => say('attempts used up: pointers to the events wait in events-retry'));
  workers.once('dead letter', ({ id }) => say(`the retries failed too: ${id} is the first dead letter`));
  output(await run(`events publish totp.requested --data @totp.json --id outage --count ${during}`));
  await until(workers, `${calm + during} rows`, () => stage.rows().size === calm + during);
  say(`analytics has all ${calm + during} rows: a consumer's trouble is its own`);
  await until(workers, `${during} dead letters`, () => workers.deadLetters.size === during);
  say(`${during} dead letters after ${workers.failedAttempts} failed attempts, and no event is gone`);
}

async function lookAround() {
  step('What died, and why?');
  output(await run('dlq list --limit 3'));
  output(await run('dlq list --group-by reason'));
  const { items } = JSON.parse(await stage.commands.run(['dlq', 'list', '--limit', '1', '--json']));
  output(await run(`dlq show ${items[0].id}`));
}

async function repair() {
  step('The mail server is back: replay the dead letters');
  await stage.mailbox.start();
  output(await run(`dlq replay --all --wait --yes --note 'mail server is back'`));
}

async function closing(workers) {
  step('Stop, and check that everything adds up');
  const { total: deadLetters } = JSON.parse(await stage.commands.run(['dlq', 'list', '--json']));
  command('kill -TERM %1 %2   # the workers');
  const codes = await workers.stop();
  tell(`the workers finished what they had in hand and exited with ${codes.join(' and ')}`);
  output(await run('server stop'), (line) => line.startsWith('stopped'));
  stage.serverStopped = true;
  const published = [...ids('calm', calm), ...ids('outage', during)];
  const { entries, lost, addsUp } = closeAccount({
    published,
    mails: stage.mailbox.received,
    rows: stage.rows(),
    deadLetters,
  });
  tell('');
  for (const [name, count, remark = ''] of entries)
    tell(`${name.padEnd(20)}${String(count).padStart(5)} ${remark}`.trimEnd());
  const good = addsUp && codes.every((code) => code === 0);
  const seconds = secondsSince(startedMs).toFixed(0);
  verdict(
    good,
    good
      ? `It adds up, after ${seconds} s. The demo's folder is removed.`
      : `It does not add up. Lost: ${lost.join(', ') || 'nothing'}`,
  );
  return good;
}

/** Shows a command, runs it, and returns what it printed. */
function run(line) {
  command(`plutomi-events ${line}`);
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  return stage.commands.run(words);
}

function until(workers, what, check) {
  return Promise.race([stage.until(what, limitMs, check), workers.died]);
}

function delivered(mails, rows) {
  return stage.mailbox.received.size === mails && stage.rows().size === rows;
}

function ids(base, count) {
  return Array.from({ length: count }, (_, i) => `${base}-${i + 1}`);
}

function secondsSince(ms) {
  return (performance.now() - ms) / 1000;
}
