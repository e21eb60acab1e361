// Makes docs/incident.svg: a real session in a real terminal, turned into a picture.
//
//   npm run picture        needs tmux and a nats-server (npm run setup)
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './places.mjs';
import { svgOfScreen } from './svg-of-screen.mjs';

const columns = 104;
const rows = 60;
const bin = join(root, 'bin', 'run.js');
const folder = mkdtempSync(join(tmpdir(), 'incident-'));
const socket = `incident-${process.pid}`;

const config = {
  name: 'plutomi',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './notifications.mjs',
      attempts: 2,
      backoff: ['50ms'],
      retry: { delay: '200ms', attempts: 2, backoff: ['50ms'] },
    },
  },
};

// Without its stack: the picture shows no paths of the machine that made it.
const handler = `import { existsSync } from 'node:fs';
export default (event) => {
  if (event.seq <= 40 || existsSync('mail-is-back')) return;
  throw Object.assign(new Error('connect ECONNREFUSED 10.0.3.7:587'), { name: 'SMTPError', stack: undefined });
};
`;

const cli = (...words) =>
  execFileSync(process.execPath, [bin, ...words], {
    cwd: folder,
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

let worker;
try {
  writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'notifications.mjs'), handler);
  cli('server', 'start');
  cli('pipeline', 'apply', '--yes');
  worker = spawn(process.execPath, [bin, 'pipeline', 'run'], { cwd: folder, stdio: 'ignore' });
  cli(
    'events',
    'publish',
    'totp.requested',
    '--data',
    '{"email":"ada@example.com","code":"314159"}',
    '--count',
    '52',
    '--id',
    'login',
  );
  await until('12 dead letters', () => JSON.parse(cli('dlq', 'list', '--json')).total === 12);

  const shell = `plutomi-events() { ${process.execPath} ${bin} "$@"; }; PS1='$ '; clear`;
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', folder, 'bash', '--norc');
  tmux('send-keys', '-l', shell);
  tmux('send-keys', 'Enter');
  await until('an empty prompt', () => screen().trimEnd() === '$');
  await type('plutomi-events dlq list --limit 4');
  await type('plutomi-events dlq show notifications-consumer/42');
  writeFileSync(join(folder, 'mail-is-back'), '');
  await type('plutomi-events dlq replay --all --wait --note "mail server is back"', () =>
    screen().includes('(y/N)'),
  );
  tmux('send-keys', '-l', 'y');
  tmux('send-keys', 'Enter');
  await until('the result', () => /resolved/.test(screen()) && atPrompt());
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
