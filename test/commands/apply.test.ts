import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { createStream, updateStream } from '../../src/lib/nats/objects.js';
import { makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { bury } from '../support/dead-letters.js';
import { natsForTest } from '../support/pipeline.js';
import { type Ended, makeProject, type Project } from '../support/project.js';

const dayNs = 86_400_000_000_000;

function configWith(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'plutomi',
    streams: { events: { maxAge: '7d' } },
    events: { 'totp.requested': {} },
    consumers: { 'notifications-consumer': { events: ['totp.requested'], handler: './handler.mjs' } },
    ...overrides,
  };
}

interface Applying {
  readonly url: string;
  readonly project: Project;
  readonly apply: (...words: string[]) => Promise<Ended>;
  readonly rewrite: (config: Record<string, unknown>) => Promise<void>;
}

async function applying(config: Record<string, unknown> = configWith()): Promise<Applying> {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, { 'handler.mjs': 'export default async () => {};\n' });
  return {
    url,
    project,
    apply: (...words) => project.cli(['pipeline', 'apply', ...words]),
    rewrite: (changed) =>
      writeFile(join(project.folder, 'plutomi-events.config.json'), JSON.stringify(changed)),
  };
}

const field = {
  type: 'object',
  required: ['path', 'from', 'to'],
  additionalProperties: false,
  properties: { path: { type: 'string' }, from: {}, to: {} },
};
const isApplyResult = new Ajv().compile({
  type: 'object',
  required: ['pipeline', 'server', 'changes', 'applied'],
  additionalProperties: false,
  properties: {
    pipeline: { type: 'string' },
    server: { type: 'string' },
    applied: { type: 'boolean' },
    moved: { type: 'array' },
    changes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['action', 'kind', 'name', 'fields', 'consequences'],
        additionalProperties: false,
        properties: {
          action: { enum: ['create', 'update', 'replace', 'none', 'orphan'] },
          kind: { enum: ['stream', 'consumer'] },
          name: { type: 'string' },
          stream: { type: 'string' },
          fields: { type: 'array', items: field },
          consequences: {
            type: 'array',
            items: {
              type: 'object',
              required: ['what', 'message'],
              properties: { what: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  },
});

interface ShownChange {
  readonly action: string;
  readonly name: string;
  readonly consequences: readonly { readonly what: string; readonly message: string }[];
}

/** The result of a run with `--json`, once it has the shape that the contract promises. */
function resultOf({ stdout }: Ended): { applied: boolean; changes: ShownChange[] } {
  const value = JSON.parse(stdout) as { applied: boolean; changes: ShownChange[] };
  expect(isApplyResult(value), JSON.stringify(isApplyResult.errors)).toBe(true);
  return value;
}

const pending = (changes: readonly ShownChange[]) =>
  changes.filter(({ action }) => action !== 'none' && action !== 'orphan');

const errorOf = ({ stdout }: Ended) =>
  (JSON.parse(stdout) as { error: { code: string; message: string; suggestions: string[] } }).error;

describe('from an empty server to a changed config', () => {
  test('--check 3, --yes 0, --check 0, one field for a new maxAge, storage refused', async () => {
    const { apply, rewrite } = await applying();
    const before = await apply('--check');
    expect(before).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('12 to create.') });
    expect(before.stdout).toMatch(/^plutomi on 127\.0\.0\.1:\d+\n/);

    const applied = await apply('--yes');
    expect(applied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('the server matches') });
    const after = await apply('--check');
    expect(after).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No changes.') });

    await rewrite(configWith({ streams: { events: { maxAge: '3d' } } }));
    const shorter = await apply('--check');
    expect(shorter.exitCode).toBe(3);
    expect(shorter.stdout).toMatch(
      /^plutomi on \S+\n\n~ update stream events\n {4}max_age: 7d → 3d\n\n1 to update\.$/,
    );

    await rewrite(configWith({ streams: { events: { maxAge: '7d', storage: 'memory' } } }));
    const refused = await apply('--yes');
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain('-/+ replace stream events');
    expect(refused.stderr).toContain('0 events are lost');
    expect(refused.stderr).toContain('plutomi-events pipeline apply --replace events');
    expect((await apply('--check')).exitCode).toBe(3);
    expect((await apply('--dry-run')).exitCode).toBe(0);
    expect((await apply('--replace', 'events', '--yes')).exitCode).toBe(0);
    expect((await apply('--check')).exitCode).toBe(0);
  });

  test('the same with --json', async () => {
    const { apply, rewrite } = await applying();
    const before = await apply('--check', '--json');
    expect(before.exitCode).toBe(3);
    expect(resultOf(before)).toMatchObject({ applied: false, changes: { length: 12 } });

    const applied = await apply('--yes', '--json');
    expect(applied.exitCode).toBe(0);
    expect(resultOf(applied).applied).toBe(true);

    const again = await apply('--yes', '--json');
    expect(again.exitCode).toBe(0);
    expect(resultOf(again).applied).toBe(false);
    expect(pending(resultOf(again).changes)).toEqual([]);

    await rewrite(configWith({ streams: { events: { maxAge: '3d' } } }));
    const shorter = await apply('--check', '--json');
    expect(shorter.exitCode).toBe(3);
    expect(pending(resultOf(shorter).changes)).toEqual([
      {
        action: 'update',
        kind: 'stream',
        name: 'events',
        fields: [{ path: 'max_age', from: 7 * dayNs, to: 3 * dayNs }],
        consequences: [],
      },
    ]);

    await rewrite(configWith({ streams: { events: { storage: 'memory' } } }));
    const refused = await apply('--yes', '--json');
    expect(refused.exitCode).toBe(1);
    expect(errorOf(refused)).toMatchObject({
      code: 'REPLACE_REFUSED',
      message: expect.stringContaining('0 events are lost'),
      suggestions: expect.arrayContaining([expect.stringContaining('--replace events')]),
    });
    expect((await apply('--check', '--json')).exitCode).toBe(3);
  });
});

describe('without a terminal', () => {
  test.each([[[]], [['--json']]])('%j needs --yes, even where it only creates: exit 2', async (words) => {
    const { apply, url } = await applying();
    const ended = await apply(...words);
    expect(ended.exitCode).toBe(2);
    expect(words.length > 0 ? ended.stdout : ended.stderr).toContain('--yes');
    await using link = await connectTo(url);
    expect(await link.streamInfo('events')).toBeUndefined();
  });

  test('needs no --yes where there is nothing to do', async () => {
    const { apply } = await applying();
    await apply('--yes');
    expect(await apply()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No changes.') });
  });
});

test('a paused consumer is told, as text and as JSON, and is no change', async ({ skip }) => {
  const { apply, url } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server can not pause');
  await link.jsm.consumers.pause('events', 'notifications-consumer', new Date('2036-01-01T00:00:00Z'));
  const message =
    'the server delivers nothing from it: paused until 2036-01-01T00:00:00.000Z; to fix that: plutomi-events pipeline resume notifications-consumer';
  const shown = await apply('--check');
  expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No changes.') });
  expect(shown.stdout).toContain(`= unchanged consumer events/notifications-consumer\n    ! ${message}\n`);
  const { changes } = resultOf(await apply('--check', '--json'));
  expect(changes.flatMap(({ consequences }) => consequences)).toEqual([
    expect.objectContaining({ what: 'silent', message }),
  ]);
});

test('a lower limit that ends events needs its own word besides --yes', async () => {
  const { apply, url, rewrite } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  for (let i = 0; i < 5; i++) await link.publish('events.totp.requested', '{}');
  await rewrite(configWith({ streams: { events: { maxAge: '7d', maxMsgs: 2 } } }));
  const checked = await apply('--check', '--json');
  expect(checked.exitCode).toBe(3);
  const messages = pending(resultOf(checked).changes).flatMap(({ consequences }) =>
    consequences.map(({ message }) => message),
  );
  expect(messages).toEqual([
    '3 events exceed the new limit and are removed at once',
    '3 events of those are not processed yet by notifications-consumer',
  ]);
  const refused = await apply('--yes', '--json');
  expect(refused.exitCode).toBe(1);
  expect(errorOf(refused)).toMatchObject({
    code: 'LOSS_REFUSED',
    suggestions: [expect.stringContaining('--allow-loss events'), expect.anything()],
  });
  expect((await link.streamInfo('events'))?.state.messages).toBe(5);
  expect((await apply('--yes', '--allow-loss', 'evens')).exitCode).toBe(2);
  expect((await apply('--yes', '--allow-loss', 'events')).exitCode).toBe(0);
  expect((await link.streamInfo('events'))?.state.messages).toBe(2);
}, 60_000);

test('a consumer that leaves something behind needs its name besides --yes, once', async () => {
  const { apply, url, rewrite } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  await link.publish('events.totp.requested', '{}');
  await link.publish('events-dlq.notifications-consumer.1', '{}');
  await rewrite(configWith({ consumers: {} }));
  expect((await apply('--check')).exitCode).toBe(3);
  const refused = await apply('--yes', '--json');
  expect(refused.exitCode).toBe(1);
  expect(errorOf(refused)).toMatchObject({
    code: 'LOSS_REFUSED',
    message: expect.stringContaining('1 dead letter is stranded: nothing in the config takes it'),
    suggestions: expect.arrayContaining([expect.stringContaining('--allow-loss notifications-consumer')]),
  });
  expect((await apply('--yes', '--allow-loss', 'notifications-consumer')).exitCode).toBe(0);
  expect((await apply('--check')).exitCode).toBe(0);
  expect((await apply('--yes')).exitCode).toBe(0);
}, 60_000);

test('a renamed consumer gets the dead letters of its old name, and nothing else does', async () => {
  const { apply, project, url, rewrite } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  const bed = { link, config: makeConfig() };
  await bury(bed, { data: { n: 1 } });
  await rewrite(
    configWith({ consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } } }),
  );

  const refused = await apply('--yes', '--json');
  expect(errorOf(refused).suggestions).toContainEqual(
    expect.stringContaining('--move-dead-letters notifications-consumer=mailer'),
  );
  const replayed = await project.cli(['dlq', 'replay', 'notifications-consumer/1', '--yes', '--json']);
  expect(replayed.exitCode).toBe(1);
  expect(errorOf(replayed).suggestions).toContain(
    'if it was renamed: plutomi-events pipeline apply --move-dead-letters notifications-consumer=<its new name>',
  );

  const moving = ['--move-dead-letters', 'notifications-consumer=mailer'];
  const loss = ['--allow-loss', 'notifications-consumer'];
  expect((await apply('--yes', '--move-dead-letters', 'notifications-consumer')).exitCode).toBe(2);
  expect((await apply('--yes', '--move-dead-letters', 'notifications-consumer=mialer')).stderr).toContain(
    'did you mean: --move-dead-letters notifications-consumer=mailer',
  );
  const checked = await apply('--check', ...moving);
  expect(checked).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining(
      '> move 1 dead letter and 0 waiting retries of notifications-consumer to mailer',
    ),
  });
  // One event is not delivered to the old name: that needs its own word.
  const undelivered = await apply('--yes', ...moving, '--json');
  expect(errorOf(undelivered)).toMatchObject({
    code: 'LOSS_REFUSED',
    message: expect.not.stringContaining('dead letter'),
  });
  const done = await apply('--yes', ...moving, ...loss, '--json');
  expect(done.exitCode).toBe(0);
  expect(resultOf(done)).toMatchObject({
    applied: true,
    moved: [{ from: 'notifications-consumer', to: 'mailer', moved: 1, skipped: [] }],
  });
  const list = JSON.parse((await project.cli(['dlq', 'list', '--json'])).stdout) as {
    items: { id: string }[];
  };
  expect(list.items.map(({ id }) => id)).toEqual(['mailer/1']);
  // Run again, there is nothing to do.
  expect(await apply('--yes', ...moving)).toMatchObject({ exitCode: 0 });
  const explained = await project.cli(['events', 'explain', '1']);
  expect(explained.stdout).toContain('moved to mailer');
}, 90_000);

describe('exit codes', () => {
  test('2: --dry-run and --check together; an unknown --replace', async () => {
    const { apply } = await applying();
    expect((await apply('--dry-run', '--check')).exitCode).toBe(2);
    expect((await apply('--dry-run', '--check', '--json')).exitCode).toBe(2);
    const unknown = await apply('--check', '--replace', 'event', '--json');
    expect(unknown.exitCode).toBe(2);
    expect(errorOf(unknown).suggestions).toEqual(['did you mean: --replace events']);
  });

  test('2: a config with problems; 4: no server', async () => {
    const { apply, rewrite } = await applying();
    const nobody = await apply('--check', '--server', 'nats://127.0.0.1:1', '--timeout', '1s');
    expect(nobody.exitCode).toBe(4);
    await rewrite(configWith({ streams: { events: { maxAeg: '7d' } } }));
    const wrong = await apply('--check', '--json');
    expect(wrong.exitCode).toBe(2);
    expect(errorOf(wrong).message).toContain('maxAge');
  });

  test('1: what belongs to somebody else, in every mode; 0 with --adopt', async () => {
    const { apply, url } = await applying();
    await using link = await connectTo(url);
    await createStream(link, { name: 'events', subjects: ['events.>'] });
    const modes = ['--yes', '--check', '--dry-run'];
    const ended = await Promise.all(modes.flatMap((mode) => [apply(mode), apply(mode, '--json')]));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(ended[0]?.stderr).toContain('stream events exists and belongs to no pipeline');
    for (const json of [ended[1], ended[3], ended[5]])
      expect(json && errorOf(json)).toMatchObject({ code: 'NOT_OWNED' });
    expect((await apply('--yes', '--adopt')).exitCode).toBe(0);
    expect((await apply('--check')).exitCode).toBe(0);
  });

  test('0: orphans alone are no changes, and are listed', async () => {
    const { apply, rewrite } = await applying();
    await apply('--yes');
    await rewrite(configWith({ consumers: {} }));
    const ended = await apply('--check');
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain('? orphan consumer events/notifications-consumer');
    expect(ended.stdout).toContain('3 orphans left alone.');
    const json = resultOf(await apply('--check', '--json'));
    expect(json.changes.filter(({ action }) => action === 'orphan')).toHaveLength(3);
  });
});

test('what a change means goes to stderr with --json', async () => {
  const { apply, rewrite, url } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  await link.publish('events.totp.requested', '{}');
  await rewrite(
    configWith({
      consumers: { 'notifications-consumer': { subjects: ['events.totp.sent'], handler: './handler.mjs' } },
    }),
  );
  const ended = await apply('--dry-run', '--json');
  expect(pending(resultOf(ended).changes)).toHaveLength(1);
  expect(ended.stderr).toContain('1 event of events.totp.requested is left behind');
  expect((await apply('--dry-run')).stdout).toContain('0 events of events.totp.sent are skipped');
});

test('text from the server can not steer a terminal', async () => {
  const { apply, url } = await applying();
  await apply('--yes');
  await using link = await connectTo(url);
  const nasty = 'x\u001b[2J';
  await updateStream(link, 'events', { metadata: { 'plutomi-events.pipeline': nasty } });
  const ended = await apply('--yes');
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain('x\\u001b[2J');
  expect(ended.stdout + ended.stderr).not.toContain('\u001b');
});

test('--help names every flag, its purpose and the exit codes', async () => {
  const { apply } = await applying();
  const { exitCode, stdout } = await apply('--help');
  expect(exitCode).toBe(0);
  for (const word of ['--dry-run', '--check', '--yes', '--replace', '--adopt', 'orphan', 'Exit codes']) {
    expect(stdout).toContain(word);
  }
});
