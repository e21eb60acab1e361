import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { natsForTest } from '../../support/pipeline.js';
import { makeProject, type Project } from '../../support/project.js';
import { openTerminal, type Terminal } from '../../support/tmux.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const consumer = 'notifications-consumer';

const config = {
  name: 'tab',
  events: { 'job.bad': {} },
  consumers: {
    [consumer]: { events: ['job.bad'], handler: './handler.mjs', attempts: 1, retry: false },
  },
};
const files = { 'handler.mjs': `export default () => { throw new Error('no such user'); };` };

interface Shell {
  readonly name: string;
  /** Without the files of whoever runs the tests. */
  readonly command: readonly string[];
  readonly load: string;
}

const shells: readonly Shell[] = [
  {
    name: 'bash',
    command: ['bash', '--norc', '--noprofile', '-i'],
    load: 'source <(plutomi-events completion bash)',
  },
  {
    name: 'zsh',
    command: ['zsh', '-f', '-i'],
    load: 'autoload -U compinit; compinit -D; source <(plutomi-events completion zsh)',
  },
  {
    name: 'fish',
    command: ['fish', '--no-config', '-i'],
    load: 'plutomi-events completion fish | source',
  },
];

const isThere = (shell: string): boolean =>
  execaSync('sh', ['-c', `command -v ${shell}`], { reject: false }).exitCode === 0;

/** A project with one dead letter, and `plutomi-events` as a command of its shell. */
async function withDeadLetter(): Promise<Project & { readonly path: string; readonly url: string }> {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, files);
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  const running = project.start();
  expect(await project.cli(['events', 'publish', 'job.bad', '--data', '{}'])).toMatchObject({ exitCode: 0 });
  await running.until('dead letter');
  running.child.kill('SIGTERM');
  await running.ended;
  const folder = join(project.folder, 'bin');
  await mkdir(folder);
  const program = join(folder, 'plutomi-events');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  await chmod(program, 0o755);
  return { ...project, url, path: `${folder}:${process.env['PATH']}` };
}

/** Types a part, presses Tab, and waits for what the shell makes of it. */
async function completes(terminal: Terminal, typed: string, whole: string): Promise<void> {
  await terminal.press(typed);
  await terminal.press('Tab');
  await terminal.waitFor(whole);
}

describe.each(shells)('$name', ({ name, command, load }) => {
  test.skipIf(!isThere(name))(
    'completes commands, flags, ids and terms, and runs what came of it',
    async () => {
      const { folder, path, url } = await withDeadLetter();
      const env = { PATH: path, NATS_URL: url };
      await using terminal = await openTerminal(command, { cwd: folder, env, columns: 160 });
      await terminal.press(`${load}; echo it is "loaded"`, 'Enter');
      await terminal.waitFor('it is loaded');
      await completes(terminal, 'plutomi-events dlq sh', 'dlq show');
      await completes(terminal, 'notif', `dlq show ${consumer}/1`);
      await terminal.press('Enter');
      await terminal.waitFor(/attempts +1 main, 0 retry/);
      await completes(terminal, 'plutomi-events dlq list --group-by=sub', '--group-by=subject');
      await completes(terminal, 'consumer:not', `consumer:${consumer}`);
      await completes(terminal, ' --config=plut', '--config=plutomi-events.config.json');
      await terminal.press('Enter');
      await terminal.waitFor(/^ +1 +events\.job\.bad/m);
    },
  );
});
