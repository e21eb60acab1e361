import { expect, test } from 'vitest';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

const consumer = 'notifications-consumer';
const config = {
  name: 'plutomi',
  events: { 'totp.requested': {} },
  consumers: {
    [consumer]: {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '10m', attempts: 3, backoff: ['1s'] },
    },
  },
};

/** Keys and kinds of values; of a list, the first entry stands for all. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

test('events explain: by sequence, by id and by consumer, the JSON of the docs, nothing that a terminal obeys', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText("throw new Error('refused \\u001b[31m by \\u202e the server');"),
  });
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  const data = ['--data', '{"code":"271828"}'];
  await p.cli(['events', 'publish', 'totp.requested', ...data, '--id', 'login-\u001b[2J4712']);
  await expect
    .poll(async () => (await link.streamInfo('events-retry'))?.state.messages, { timeout: 20_000 })
    .toBe(1);
  run.child.kill('SIGTERM');
  await run.ended;

  const [byId, bySeq, byConsumer] = await Promise.all(
    ['login-\u001b[2J4712', '1', `${consumer}/1`].map((text) => p.cli(['events', 'explain', text, '--json'])),
  );
  const found = JSON.parse(byId?.stdout ?? '');
  const [block] = codeBlocks(await readDoc('commands.md'), 'json').filter(
    ({ section }) => section === '`events explain`',
  );
  expect(shapeOf(found)).toEqual(shapeOf(JSON.parse(block?.text ?? '')));
  expect(JSON.parse(bySeq?.stdout ?? '')).toEqual({ ...found, scanned: null });
  expect(JSON.parse(byConsumer?.stdout ?? '')).toEqual({ ...found, scanned: null });
  expect(found.consumers).toMatchObject([{ consumer, state: 'parked' }]);

  const human = await p.cli(['events', 'explain', '1', '--data']);
  expect(human.exitCode).toBe(0);
  expect(human.stdout).toContain('attempt 1 failed: refused \\u001b[31m by \\u202e the server');
  expect(human.stdout).toContain('login-\\u001b[2J4712');
  expect(human.stdout).toContain('"code": "271828"');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(human.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);

  const unknown = await p.cli(['events', 'explain', 'nobody', '--json']);
  expect(unknown.exitCode).toBe(1);
  expect(JSON.parse(unknown.stdout).error).toMatchObject({ code: 'NOT_FOUND' });
  expect(await p.cli(['events', 'explain'])).toMatchObject({ exitCode: 2 });
}, 60_000);
