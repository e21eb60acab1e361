// Logins and applicants of two tenants, a mail server that goes down, a rule of 30 days: and nothing is lost.
import { openPipeline } from 'plutomi-events';
import * as kit from '../kit/index.mjs';
import { closeAccount, moment, output, run, step, tell, until } from '../kit/index.mjs';
import { rowsOf } from './demo/account.mjs';
import { applicants, completions, submissions } from './demo/applicants.mjs';
import { analyticsRows, searchDocuments } from './demo/files.mjs';
import { Mailbox } from './demo/mailbox.mjs';

const calm = 100;
const during = 50;
const limitMs = 60_000;

kit.title(`${2 * calm + during} people log in, the mail server goes down, and nothing is lost`);
tell('All of it is real: nats-server, SMTP and the commands.');
// The same config and handlers, with seconds where production has minutes.
process.chdir('demo');
const mailbox = new Mailbox();
await mailbox.start();
// Here to files, whatever else is there.
for (const name of ['CLICKHOUSE_URL', 'MEILI_URL']) delete process.env[name];
Object.assign(process.env, {
  SMTP_URL: mailbox.url,
  ANALYTICS_FILE: 'analytics.ndjson',
  SEARCH_FILE: 'search.ndjson',
  RULE_AFTER_MS: '4000',
});

step('Turn the config into streams and consumers', {
  nats: [
    "nats stream add events --defaults --subjects 'events.>' --max-age 45d",
    "nats consumer add events notifications-consumer --defaults --pull --filter 'events.*.totp.requested'",
  ],
});
output(await run('pipeline apply --yes'), (line) =>
  /^\+ create (stream |consumer events\/)|^Done/.test(line),
);
const pipeline = await openPipeline();

step('Run the pipeline: two processes share the load', {
  nats: 'nats consumer next events notifications-consumer --count 100 --ack',
});
tell('notifications-consumer e-mails each login code.');
tell('analytics-consumer writes each event as a row, here to a file.');
tell('search-consumer keeps the applicants searchable, here in a file.');
tell('rules-consumer moves who does not complete the questionnaire in time.');
const seen = { failed: 0, dead: new Set(), retry: false };
const workers = ['worker-1', 'worker-2'].map((name) => kit.start('pipeline run', { name, onLine: watch }));
await Promise.all(workers.map((worker) => worker.said('pipeline runs', limitMs)));

step('Six people apply, and two of them complete the questionnaire', {
  nats: `nats pub events.acme.stage.entered.ana '{"tenant":"acme","applicant":"ana","stage":"Questionnaire"}'`,
});
for (const events of [submissions, completions]) await pipeline.publishMany(events);
tell('Each stage that an applicant enters is an event. For the rule of 30 days');
tell('(4 s in this demo) it waits on the server until its time has come.');

step(`${2 * calm} people of two tenants ask for a login code`, {
  nats: `nats pub events.acme.totp.requested --count ${calm} '{"tenant":"acme","email":"ada@example.com","code":"314159"}'`,
});
for (const tenant of ['acme', 'globex'])
  output(await run(`events publish totp.requested --data @${tenant}.json --id ${tenant} --count ${calm}`));
await until('the e-mails and rows', () => settled('notifications-consumer', 'analytics-consumer'), limitMs);
moment(`${mailbox.received.size} e-mails received, ${analyticsRows().size} analytics rows written`);

step(`The mail server goes down, and ${during} more people ask`);
await mailbox.stop();
output(await run(`events publish totp.requested --data @acme.json --id outage --count ${during}`));
await until('their rows', () => settled('analytics-consumer'), limitMs);
moment("analytics has a row of each: a consumer's trouble is its own");
await until(`${during} dead letters`, () => seen.dead.size === during, limitMs);
moment(`${during} dead letters after ${seen.failed} failed attempts, and no event is gone`);

step('What died, and why?', { nats: 'nats stream view events-dlq' });
output(await run('dlq groups'));
output(await run(`dlq show ${[...seen.dead][0]}`));

step('The mail server is back: replay the dead letters');
await mailbox.start();
output(await run("dlq replay --all --wait --yes --note 'mail server is back'"));

step('Meanwhile, the time of the rule has come', { nats: "nats sub 'events.*.rule.matured'" });
const late = applicants.filter(({ completes }) => !completes);
const inStage = (stage) => [...searchDocuments().values()].filter((document) => document.stage === stage);
await until('the moves', () => inStage('Waiting List').length === late.length, limitMs);
await until('their rows', () => settled('analytics-consumer'), limitMs);
for (const { name, stage } of searchDocuments().values()) tell(`${name.padEnd(5)} ${stage}`);

if (kit.stay) {
  step('It goes on until Ctrl-C. In another terminal:');
  tell(`cd ${process.cwd()}\nplutomi-events pipeline status --watch`);
  await kit.untilStopped();
}

step('Stop, and check that everything adds up');
const { total: deadLetters } = await pipeline.deadLetters.list();
await pipeline.close();
const codes = await Promise.all(workers.map((worker) => worker.stop()));
tell(`the workers finished what they had in hand and exited with ${codes.join(' and ')}`);
await mailbox.stop();
const logins = [...ids('acme', calm), ...ids('globex', calm), ...ids('outage', during)];
const others = [...submissions, ...completions].map(({ id }) => id);
closeAccount([
  ...rowsOf({ logins, others, mails: mailbox.received, rows: analyticsRows(), deadLetters }),
  ['applicants in search', searchDocuments().size, applicants.length],
  ['moved by the rule', inStage('Waiting List').length, late.length],
  ['left where they are', inStage('Interview').length, applicants.length - late.length],
]);

/** Nothing waits for these consumers, and nothing is being processed. */
async function settled(...names) {
  const { consumers } = await pipeline.status();
  const theirs = consumers.filter(({ name, stage }) => names.includes(name) && stage === 'main');
  return theirs.every(({ pending, ackPending }) => pending === 0 && ackPending === 0);
}

/** What the log of a worker says. */
function watch(_text, record) {
  if (record?.msg === 'attempt failed' && seen.failed++ === 0)
    moment(`e-mails fail: ${record.reason} (attempt ${record.attempt} of ${record.of})`);
  if (record?.msg === 'routed to retry' && !seen.retry) {
    seen.retry = true;
    moment('attempts used up: pointers to the events wait in events-retry');
  }
  if (record?.msg === 'dead letter' && seen.dead.add(record.id).size === 1)
    moment(`the retries failed too: ${record.id} is the first dead letter`);
}

function ids(base, count) {
  return Array.from({ length: count }, (_, i) => `${base}-${i + 1}`);
}
