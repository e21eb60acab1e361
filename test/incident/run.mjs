// npm run incident: 1,000 dead letters of three causes, the five commands of an operator, and the account.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPipeline } from '../../dist/lib/index.js';
import { command, moment, output, step, tell, title, verdict } from '../../examples/kit/narrator.mjs';
import { root } from '../../scripts/places.mjs';
import { account } from './account.mjs';
import { effectsIn, events, writeProject } from './project.mjs';

const limitMs = 120_000;
const bin = join(root, 'bin', 'run.js');
const folder = mkdtempSync(join(tmpdir(), 'plutomi-incident-'));
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NATS|PLUTOMI)_/.test(name))),
  ...(process.env.NATS_SERVER_BIN ? { NATS_SERVER_BIN: process.env.NATS_SERVER_BIN } : {}),
  INCIDENT_FOLDER: folder,
};
/** What the operator typed. */
const commands = [];
const children = new Set();
let keep = false;

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  stopServer();
  if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

try {
  process.exitCode = (await play()) ? 0 : 1;
} catch (error) {
  verdict(false, `The incident could not be played: ${error.message}`);
  process.exitCode = 1;
}
if (process.exitCode !== 0) {
  keep = true;
  tell(`Everything is in ${folder}`);
}
process.exit();

async function play() {
  title('1,000 dead letters of three causes, and one operator');
  writeProject(folder);
  await run(['server', 'start']);
  await run(['pipeline', 'apply', '--yes']);
  start(['pipeline', 'run'], 'worker-1');
  start(['pipeline', 'run'], 'worker-2');
  const began = performance.now();
  const published = events();
  await publish(published);
  await until('1,000 dead letters', async () => (await deadLetters()) === published.length);
  moment(
    '1,000 events failed all their attempts: mail, ClickHouse, a mistake in the data',
    (performance.now() - began) / 1000,
  );

  step('What is going on?');
  await operator('dlq groups');
  const { groups } = JSON.parse(await run(['dlq', 'groups', '--json']));
  const noAddress = groups.find(({ name }) => name === 'TypeError');

  step('A first repair, tried on a few: it is wrong');
  mark('repaired-wrongly');
  const outage = '-name:TypeError --canary 1,10,rest --stop-on failed>5% --wait --yes';
  await operator(`dlq replay ${outage} --note 'new credentials'`, 5);
  const [canary] = JSON.parse(await run(['tasks', 'list', '--json'])).tasks;

  step('The right one');
  mark('repaired');
  await operator(`dlq replay ${outage} --note 'mail and ClickHouse are back'`);

  step('What is left lacks an address: mend the data, and replay that');
  await operator(
    `dlq edit group:${noAddress.id} --set data.address.street=unknown --reason 'published without an address' --wait --yes`,
  );

  step('What was done, for the others');
  await operator('dlq report --since 1h');

  await run(['pipeline', 'verify']);
  const { entries, ok } = account({
    events: published,
    effects: effectsIn(folder),
    commands,
    archived: 0,
    canary: canary.resolved + canary.deadAgain + canary.pending,
    left: await deadLetters(),
  });
  tell('');
  for (const [name, count, remark] of entries)
    tell(`${name.padEnd(20)}${String(count).padStart(6)}  ${remark}`.trimEnd());
  verdict(ok, ok ? 'The incident is over, and it adds up.' : 'It does not add up.');
  return ok;
}

/** A command of the operator: shown, timed and counted. */
async function operator(line, expected = 0) {
  command(`plutomi-events ${line}`);
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  const began = performance.now();
  const text = await run(words, expected);
  commands.push({ line, seconds: (performance.now() - began) / 1000 });
  output(text.trimEnd());
}

/** Runs a command to its end, and returns what it printed. */
async function run(words, expected = 0) {
  const child = start(words);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].on('data', (chunk) => {
      text[name] += chunk;
    });
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  if (code === expected) return text.stdout;
  throw new Error(`plutomi-events ${words.join(' ')} ended with ${code}\n${text.stdout}${text.stderr}`);
}

/** Starts a command; its output goes to a file where a name is given. */
function start(words, name) {
  const file = name === undefined ? 'pipe' : openSync(join(folder, `${name}.log`), 'a');
  const child = spawn(process.execPath, [bin, ...words], { cwd: folder, env, stdio: ['ignore', file, file] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function publish(all) {
  const pipeline = await openPipeline({ cwd: folder });
  await pipeline.publishMany(all);
  await pipeline.close();
}

async function deadLetters() {
  return JSON.parse(await run(['dlq', 'list', '--limit', '1', '--json'])).total;
}

/** What the operator does outside of the product. */
function mark(name) {
  writeFileSync(join(folder, name), '');
}

async function until(what, isSo) {
  const deadline = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await sleep(300);
  }
}

function stopServer() {
  try {
    const { pid } = JSON.parse(readFileSync(join(folder, '.plutomi-events', 'server.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was never started, or is gone already.
  }
}
