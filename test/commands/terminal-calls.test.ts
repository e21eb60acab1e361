import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runOnTerminal } from '../support/on-terminal.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const manifest = new URL('../../oclif.manifest.json', import.meta.url);
const consumer = 'notifications-consumer';

const config = {
  name: 'calls',
  events: { 'job.bad': {} },
  consumers: {
    [consumer]: {
      events: ['job.bad'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
      onDeadLetter: { handler: './told.mjs' },
    },
  },
};

const files = {
  'handler.mjs': `export default () => {
    throw new TypeError('no such user: somebody-with-a-long-name@example.com');
  };`,
  // Ends the process as Ctrl-C does, once all three are dead.
  'told.mjs': `let told = 0;
  export default () => {
    if (++told === 3) process.kill(process.pid, 'SIGINT');
  };`,
};

interface Call {
  readonly words: readonly string[];
  /** A row of a table is on one line. */
  readonly shows: RegExp;
  /** Part of it is in colours, where there are some. */
  readonly colored?: boolean;
}

/** In the order of a day: each finds what those before it have left. */
const calls: readonly Call[] = [
  { words: ['server', 'install'], shows: /^nats-server \d+\.\d+\.\d+ / },
  { words: ['server', 'start'], shows: /^stop it with: plutomi-events server stop$/m },
  { words: ['server', 'stop'], shows: /^stopped the nats-server / },
  { words: ['config', 'show'], shows: /^ {4}attempts: 1$/m },
  { words: ['config', 'schema', 'consumers'], shows: /^ {2}"description": "consumers by name",$/m },
  { words: ['pipeline', 'permissions', '--role', 'runner'], shows: /\$JS\.API\.CONSUMER/ },
  { words: ['pipeline', 'apply', '--yes'], shows: /^Done: the server matches the config\.$/m, colored: true },
  {
    words: ['events', 'publish', 'job.bad', '--data', '{"to":"somebody"}', '--count', '3'],
    shows: /^published 3 to events\.job\.bad on .*: events\/1 to events\/3$/m,
  },
  { words: ['dlq', 'list', '--group-by', 'subject'], shows: /^no dead letters\n$/ },
  { words: ['pipeline', 'run'], shows: /ERROR: notifications-consumer\/3 dead letter/, colored: true },
  { words: ['events', 'explain', '1'], shows: /^ {2}notifications-consumer {2}dead$/m, colored: true },
  {
    words: ['dlq', 'list'],
    shows:
      /(?:^notifications-consumer\/[123] +(?:now|\d+s ago) +1\+0 {2}expires in \S+ {2}(?:events\.job\.bad {2})?TypeErr.*\n){3}/m,
    colored: true,
  },
  {
    words: ['dlq', 'list', '--group-by', 'reason'],
    shows: /^ {4}3 {2}TypeErr.* notifications-consumer\/3$/m,
    colored: true,
  },
  { words: ['dlq', 'show', `${consumer}/1`], shows: /^ {2}attempts {5}1 main, 0 retry$/m, colored: true },
  { words: ['dlq', 'replay', `${consumer}/1`, '--yes'], shows: /^1 of 1 replayed$/m, colored: true },
  {
    words: ['dlq', 'discard', `${consumer}/2`, '--reason', 'sent by hand', '--yes'],
    shows: /^1 of 1 discarded$/m,
    colored: true,
  },
  {
    words: ['advisories', 'tail', '--no-follow'],
    shows: / DISCARDED +notifications-consumer\/2 .*: sent by hand$/m,
    colored: true,
  },
  { words: ['pipeline', 'verify'], shows: /^nothing is broken$/m, colored: true },
];

test('each command has a call', async () => {
  const { commands } = JSON.parse(await readFile(manifest, 'utf8')) as { commands: Record<string, unknown> };
  const called = new Set(calls.map(({ words: [topic, name] }) => `${topic}:${name}`));
  expect([...called].toSorted()).toEqual(Object.keys(commands).toSorted());
});

test.each([
  [40, {}],
  [80, { TERM: 'dumb' }],
  [200, { TERM: 'dumb', FORCE_COLOR: '1' }],
])(
  'a call of every command on a real terminal of %i columns with %j',
  async (columns, env) => {
    const { url } = await natsForTest();
    const { folder } = await makeProject(url, config, files);
    const answers = await runOnTerminal(
      calls.map(({ words }) => [process.execPath, bin, ...words]),
      {
        cwd: folder,
        columns,
        env: {
          NATS_URL: url,
          XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
          ...env,
        },
      },
    );
    for (const [i, { exitCode, raw, text }] of answers.entries()) {
      const { words = [], shows = /./, colored = false } = calls[i] ?? {};
      const question = `plutomi-events ${words.join(' ')}`;
      expect([question, exitCode], text).toEqual([question, 0]);
      expect(text, question).toMatch(shows);
      expect(text, question).not.toMatch(
        /Error: unexpected|\(node:\d|^ {4}at .*(?:dist|node_modules|node:)/m,
      );
      const isDumb = 'TERM' in env && !('FORCE_COLOR' in env);
      if (isDumb || !colored) expect(raw, question).not.toContain('\u001b');
      else expect(raw, question).toContain('\u001b[');
    }
  },
  120_000,
);
