// Makes docs/incident.svg: a real session in a real terminal, turned into a picture.
//
//   npm run picture        needs tmux and a nats-server (npm run setup)
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPipeline } from '../dist/lib/index.js';
import { events, writeProject } from '../test/incident/project.mjs';
import { root } from './places.mjs';
import { svgOfScreen } from './svg-of-screen.mjs';

const columns = 104;
const rows = 60;
const bin = join(root, 'bin', 'run.js');
const folder = mkdtempSync(join(tmpdir(), 'incident-'));
const socket = `incident-${process.pid}`;

const env = { ...process.env, INCIDENT_FOLDER: folder };
const cli = (...words) =>
  execFileSync(process.execPath, [bin, ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const tmux = (...words) =>
  execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], { encoding: 'utf8' });
const screen = () => tmux('capture-pane', '-p');

async function until(what, test) {
  for (let tries = 0; tries < 400; tries++) {
    if (test()) return;
    await sleep(50);
  }
  throw new Error(`the session never showed: ${what}\n${screen()}`);
}

const atPrompt = () => screen().trimEnd().endsWith('\n$');

/** Types a command and waits for what it ends with: a question of its own, or the prompt. */
async function type(command, ends = atPrompt) {
  tmux('send-keys', '-l', command);
  await until(command, () => screen().replaceAll('\n', '').includes(command));
  tmux('send-keys', 'Enter');
  await until(`the end of ${command}`, () => !screen().trimEnd().endsWith(command) && ends());
}

/** What the operator does outside of the product. */
const mark = (name) => writeFileSync(join(folder, name), '');

let worker;
try {
  writeProject(folder);
  cli('server', 'start');
  cli('pipeline', 'apply', '--yes');
  worker = spawn(process.execPath, [bin, 'pipeline', 'run'], { cwd: folder, env, stdio: 'ignore' });
  const pipeline = await openPipeline({ cwd: folder });
  await pipeline.publishMany(events());
  await pipeline.close();
  await until(
    '1,000 dead letters',
    () => JSON.parse(cli('dlq', 'list', '--limit', '1', '--json')).total === 1000,
  );

  const shell = `plutomi-events() { ${process.execPath} ${bin} "$@"; }; PS1='$ '; clear`;
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', folder, 'bash', '--norc');
  tmux('send-keys', '-l', shell);
  tmux('send-keys', 'Enter');
  await until('an empty prompt', () => screen().trimEnd() === '$');
  await type('plutomi-events dlq groups');
  const { groups } = JSON.parse(cli('dlq', 'groups', '--json'));
  const { id } = groups.find(({ name }) => name === 'TypeError');
  const replay = "plutomi-events dlq replay -name:TypeError --canary 1,10,rest --stop-on 'failed>5%' --yes";
  mark('repaired-wrongly');
  await type(replay);
  mark('repaired');
  await type(replay);
  await type(
    `plutomi-events dlq edit group:${id} --set data.address.street=unknown --reason 'no address' --wait --yes`,
  );
  const picture = svgOfScreen(tmux('capture-pane', '-p', '-e'), columns);
  writeFileSync(join(root, 'docs', 'incident.svg'), picture);
  console.log('wrote docs/incident.svg');
} finally {
  worker?.kill('SIGKILL');
  try {
    tmux('kill-server');
  } catch {
    // It had not started.
  }
  cli('server', 'stop');
  rmSync(folder, { recursive: true, force: true });
}
