import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runOnTerminal } from '../../support/on-terminal.js';
import { natsForTest } from '../../support/pipeline.js';
import { makeProject } from '../../support/project.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const manifest = new URL('../../../oclif.manifest.json', import.meta.url);
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
  /** Default: 0. */
  readonly exits?: number;
}

/** Of the one group, which follows from consumer and cause. */
const group = '6e6db3002216';
const letter = (seq: number): string => `${consumer}/${seq}`;

/** In the order of a day: each finds what those before it have left. */
const calls: readonly Call[] = [
  { words: ['server', 'install'], shows: /^nats-server \d+\.\d+\.\d+ / },
  { words: ['server', 'start'], shows: /^stop it with: plutomi-events server stop$/m },
  { words: ['server', 'stop'], shows: /^stopped the nats-server / },
  { words: ['examples', 'list'], shows: /^notes\/1-pub-sub(?: +|\n {2}takes )\d+ s/m, colored: true },
  { words: ['examples', 'run', 'notes/1-pub-sub'], shows: /^It adds up\.$/m, colored: true },
  { words: ['completion', 'bash'], shows: /^complete -F _plutomi_events plutomi-events$/m },
  { words: ['config', 'show'], shows: /^ {4}attempts: 1$/m },
  { words: ['config', 'lint'], shows: /^nothing to say$/m },
  { words: ['events', 'catalog'], shows: /^# Events of calls$/m },
  { words: ['config', 'schema', 'consumers'], shows: /^ {2}"description": "consumers by name",$/m },
  { words: ['pipeline', 'permissions', '--role', 'runner'], shows: /\$JS\.API\.CONSUMER/ },
  { words: ['pipeline', 'apply', '--yes'], shows: /^Done: the server matches the config\.$/m, colored: true },
  {
    words: ['events', 'publish', 'job.bad', '--data', '{"to":"somebody"}', '--count', '3'],
    shows: /^published 3 to events\.job\.bad on .*: events\/1 to events\/3$/m,
  },
  {
    words: ['events', 'load', '--rate', '100', '--duration', '1'],
    shows: /^ {2}stored {6}100$/m,
    colored: true,
  },
  {
    words: ['events', 'tail', '--all', '--count', '3'],
    shows: /(?:^\S+(?: \S+)? +#\d +(?:events\.)?job\.bad.*\n){3}3 events, events\/1 to events\/3, in /m,
    colored: true,
  },
  {
    words: ['events', 'replay', 'job.bad', '--all', '--to', 'events.job.bad=events.copied'],
    shows: /^3 read, 3 written: 1 to 3, in /m,
  },
  { words: ['outbox', 'relay'], shows: /no database was named/, exits: 2, colored: true },
  { words: ['dlq', 'list', '--group-by', 'subject'], shows: /^no dead letters\n$/ },
  { words: ['pipeline', 'doctor'], shows: /^nothing stands in the way$/m, colored: true },
  { words: ['pipeline', 'run'], shows: /ERROR: notifications-consumer\/3 dead letter/, colored: true },
  { words: ['events', 'explain', '1'], shows: /^ {2}notifications-consumer {2}dead$/m, colored: true },
  {
    words: ['dlq', 'list'],
    shows:
      /(?:^notifications-consumer\/[123](?: +|\n {2}died )(?:now|\d+s ago) +(?:tries )?1\+0(?: {2}|\n {2}original )expires in \S+(?: {2}(?:events\.job\.bad {2})?|\n {2}reason )TypeErr.*\n){3}/m,
    colored: true,
  },
  {
    words: ['dlq', 'list', '--group-by', 'reason'],
    shows: /^(?: {4}3 {2}TypeErr.* |count 3\n {2}reason TypeErr[^]* {2}sample )notifications-consumer\/3$/m,
    colored: true,
  },
  { words: ['dlq', 'show', `${consumer}/1`], shows: /^ {2}attempts {5}1 main, 0 retry$/m, colored: true },
  { words: ['dlq', 'groups'], shows: /^1 group, 3 dead letters$/m, colored: true },
  { words: ['dlq', 'ack', group], shows: /: acknowledged$/m, colored: true },
  { words: ['dlq', 'mute', group, '--until', '1h'], shows: /muted until /, colored: true },
  { words: ['dlq', 'unmute', group], shows: /^keeping about group 6e6db3002216/, colored: true },
  { words: ['dlq', 'assign', group, 'ana'], shows: /\bana$/m, colored: true },
  { words: ['dlq', 'note', group, 'the user is gone'], shows: /the user is gone$/m, colored: true },
  {
    words: ['dlq', 'watch', '--all', '--count', '1'],
    shows: /notifications-consumer\/\d +(?:1\+0 {2}Type|Ty)/,
    colored: true,
  },
  {
    words: ['dlq', 'export', '--format', 'csv'],
    shows: /^notifications-consumer\/3,notifications-consumer,events,3,/m,
  },
  { words: ['dlq', 'test'], shows: /0 of 3 would pass, 0 would fail$/m, exits: 5, colored: true },
  {
    words: ['dlq', 'archive', letter(3), '--reason', 'not now', '--yes'],
    shows: /^1 of 1 archived$/m,
    colored: true,
  },
  { words: ['dlq', 'restore', letter(3), '--yes'], shows: /^1 of 1 restored$/m, colored: true },
  {
    words: ['dlq', 'edit', letter(3), '--set', 'data.to=ana', '--reason', 'a typing error', '--yes'],
    shows: /^edited 1, unchanged 0, refused 0; replayed 1$/m,
    colored: true,
  },
  {
    words: ['dlq', 'replay', '--all', '--plan', '--name', 'later'],
    shows: /^2 of 2 planned; nothing was replayed$/m,
    colored: true,
  },
  { words: ['tasks', 'cancel', 'later', '--yes'], shows: /^later is cancelled/m, colored: true },
  {
    words: ['dlq', 'replay', `${consumer}/1`, '--name', 'now', '--yes'],
    shows: /^1 of 1 replayed$/m,
    colored: true,
  },
  {
    words: ['pipeline', 'pause', consumer, '--for', '1h', '--reason', 'a test', '--yes'],
    shows: /^notifications-consumer +\d+ waiting, \d+ in hand +paused until .* UTC$/m,
    colored: true,
  },
  {
    words: ['pipeline', 'resume', consumer, '--yes'],
    shows: /^notifications-consumer +\d+ waiting, \d+ in hand +delivered$/m,
    colored: true,
  },
  { words: ['tasks', 'list'], shows: /^later(?: {2}cancelled |\n {2}state cancelled)/m, colored: true },
  { words: ['tasks', 'show', 'now'], shows: /^ {2}pending +notifications-consumer\/1$/m, colored: true },
  { words: ['tasks', 'watch', 'later'], shows: /^ {2}state +cancelled$/m, colored: true, exits: 5 },
  {
    words: ['dlq', 'discard', `${consumer}/2`, '--reason', 'sent by hand', '--yes'],
    shows: /^1 of 1 discarded$/m,
    colored: true,
  },
  {
    words: ['advisories', 'tail', '--no-follow'],
    shows:
      / (?:DISCARDED +notifications-consumer\/2 .*(?:: sent by hand|…)|notifications-consumer\/2 {2}DIS…)$/m,
    colored: true,
  },
  { words: ['operations', 'log'], shows: / discarded +1[ :]/, colored: true },
  { words: ['dlq', 'report', '--since', '1h'], shows: /^## What died$/m },
  { words: ['pipeline', 'status'], shows: /^notificati\S* +main +0 +0/m, colored: true },
  // Two were replayed, and nobody runs their retries.
  { words: ['pipeline', 'health'], shows: /^degraded +nobodyRuns +notif/m, exits: 1, colored: true },
  { words: ['pipeline', 'metrics', '--over', '1s'], shows: /^job\.bad +0$/m, colored: true },
  { words: ['pipeline', 'verify'], shows: /^nothing is broken$/m, colored: true },
];

test('each command has a call', async () => {
  const { commands } = JSON.parse(await readFile(manifest, 'utf8')) as { commands: Record<string, unknown> };
  const ids = Object.keys(commands);
  const called = calls.map(({ words: [first = '', second] }) =>
    ids.includes(first) ? first : `${first}:${second}`,
  );
  expect([...new Set(called)].toSorted()).toEqual(ids.toSorted());
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
      const { words = [], shows = /./, colored = false, exits = 0 } = calls[i] ?? {};
      const question = `plutomi-events ${words.join(' ')}`;
      expect([question, exitCode], text).toEqual([question, exits]);
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
