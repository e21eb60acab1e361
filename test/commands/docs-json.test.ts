import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { serverBinary } from '../support/nats-server.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

const blocks = codeBlocks(await readDoc('commands.md'), 'json');

/** The nth sample of JSON that docs/commands.md shows for a command. */
function sample(command: string, nth = 0): unknown {
  const ofCommand = blocks.filter(({ section }) => section === `\`${command}\``);
  return JSON.parse(ofCommand[nth]?.text ?? 'null');
}

/** Keys and kinds of values, without the values; of a list, the first entry stands for all. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

/** The same without the kinds: what is not known is null. */
function keysOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(shapeOf(value)), (_key, one: unknown) =>
    typeof one === 'string' ? 'value' : one,
  );
}

const config = {
  name: 'plutomi',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
  },
};

test('the JSON that docs/commands.md shows is what the commands print', async () => {
  const server = await natsForTest();
  const body = "if (context.cycle < 1) throw new Error('connect ECONNREFUSED 10.0.4.17:587');";
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText(body) });
  const json = async (...words: string[]): Promise<unknown> =>
    JSON.parse((await p.cli([...words, '--json'])).stdout.split('\n')[0] ?? '');
  const expectSample = (printed: unknown, command: string, nth?: number): void => {
    const shown = sample(command, nth);
    const name = `${command}, sample ${nth ?? 0}`;
    expect(shapeOf(printed), name).toEqual(shapeOf(shown));
    expect(Object.keys(printed as object), name).toEqual(Object.keys(shown as object));
  };

  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  const event = [
    'totp.requested',
    '--data',
    '{"email":"bob@example.com","code":"271828"}',
    '--id',
    'login-4712',
  ];
  expectSample(await json('events', 'publish', ...event), 'events publish');
  expectSample(await json('events', 'publish', 'totp.requested', '--count', '2'), 'events publish', 1);
  await expect
    .poll(() => run.logs().filter(({ msg }) => msg === 'dead letter').length, { timeout: 20_000 })
    .toBe(3);

  const id = 'notifications-consumer/1';
  expectSample(await json('dlq', 'list'), 'dlq list');
  expectSample(await json('dlq', 'list', '--group-by', 'reason'), 'dlq list', 1);
  expectSample(await json('dlq', 'watch', '--all', '--count', '1'), 'dlq watch');
  expectSample(await json('dlq', 'export', '--with-data', '--limit', '1'), 'dlq export');
  expectSample(await json('dlq', 'export', '--with-data', '-o', 'all.ndjson'), 'dlq export', 1);
  expectSample(await json('dlq', 'show', id), 'dlq show');
  const exhausted = ['--kind', 'MAX_DELIVERIES', '--no-follow', '--count', '1'];
  expectSample(await json('advisories', 'tail', ...exhausted), 'advisories tail');
  expectSample(await json('events', 'tail', '--all', '--no-follow', '--count', '1'), 'events tail');
  expectSample(await json('dlq', 'replay', '--all', '--dry-run'), 'dlq replay', 1);
  expectSample(await json('dlq', 'replay', '--all', '--plan'), 'dlq replay', 2);
  expectSample(await json('dlq', 'replay', id, '--wait', '--yes', '--note', 'fixed'), 'dlq replay');
  const other = 'notifications-consumer/2';
  expect(keysOf(await json('pipeline', 'status'))).toEqual(keysOf(sample('pipeline status')));
  expect(keysOf(await json('pipeline', 'health'))).toEqual(keysOf(sample('pipeline health')));
  const metrics = await json('pipeline', 'metrics', '--over', '1s');
  expect(keysOf(metrics)).toEqual(keysOf(sample('pipeline metrics')));
  expectSample(await json('pipeline', 'doctor'), 'pipeline doctor');
  expectSample(await json('operations', 'log', '--limit', '1'), 'operations log');
  expectSample(await json('dlq', 'report', '--since', '1h'), 'dlq report');
  expectSample(await json('dlq', 'discard', other, '--reason', 'by hand', '--yes'), 'dlq discard');
  expectSample(await json('events', 'load', '--rate', '50', '--duration', '1'), 'events load');
  const replay = ['events', 'replay', 'totp.requested', '--all', '--to', 'events.>=events.copy.>'];
  expectSample(await json(...replay), 'events replay');
  expectSample(await json(...replay, '--dry-run'), 'events replay', 1);

  const file = join(p.folder, 'plutomi-events.config.json');
  const changed = { ...JSON.parse(await readFile(file, 'utf8')), streams: { events: { maxAge: '3d' } } };
  await writeFile(file, JSON.stringify(changed));
  const plan = (await json('pipeline', 'apply', '--check')) as { changes: { action: string }[] };
  const changes = plan.changes.filter(({ action }) => action !== 'none');
  expectSample({ ...plan, changes }, 'pipeline apply');
}, 60_000);

test('the JSON that docs/commands.md shows of a server is what its commands print', async () => {
  process.env['NATS_SERVER_BIN'] ??= await serverBinary();
  const p = await makeProject('', config, { 'handler.mjs': handlerText('') });
  const started = await p.cli(['server', 'start', '--json']);
  const stopped = await p.cli(['server', 'stop', '--json']);
  expect(shapeOf(JSON.parse(started.stdout))).toEqual(shapeOf(sample('server start')));
  expect(shapeOf(JSON.parse(stopped.stdout))).toEqual(shapeOf(sample('server stop')));
});
