import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { readPages } from '../../src/lib/nats/read/read-stream.js';
import { connectTo } from '../support/connect.js';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../support/project.js';

const consumers = (more: object): object => ({
  billing: { subjects: ['events.>'], handler: './handler.mjs', attempts: 1, retry: false, ...more },
});

const fail = "throw new Error('not yet');";
const exact = '{"tweet":1524831183200260097, "account":9007199254740993,"amount":0.10,\r"amount":0.10}';
const digits = ['1524831183200260097', '9007199254740993', '"amount":0.10,"amount":0.10'];

async function deadLetters(p: Project, count: number): Promise<Record<string, unknown>[]> {
  const run = p.start();
  await eventually(
    `${count} dead letters`,
    () => run.logs().filter(({ msg }) => msg === 'dead letter').length === count,
    20_000,
  );
  run.child.kill('SIGTERM');
  await run.ended;
  return run.logs();
}

test('what a parser says of a payload gets nowhere: not into log, journal, DLQ, webhook, lists', async () => {
  const told: string[] = [];
  const hook = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      told.push(body);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void hook.close());
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo;
  const server = await natsForTest();
  const config = {
    name: 'test',
    consumers: consumers({ onDeadLetter: { webhook: `http://127.0.0.1:${port}/` } }),
  };
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText('event.data;') });
  await p.cli(['pipeline', 'apply', '--yes']);
  for (const data of ['ssn=078-05-1120', 'card=4111111111111111;cvv=123', 'x{"password":"hunter2"}'])
    await p.cli(['events', 'publish', 'events.order.placed', '--data', data]);
  const logs = await deadLetters(p, 3);
  const { stdout } = await p.cli(['dlq', 'list', '--group-by', 'reason', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    total: 3,
    groups: [
      {
        count: 3,
        key: expect.stringMatching(/^Reject: the payload is not JSON: \d+ bytes, not valid JSON$/),
      },
    ],
  });
  const everything = [JSON.stringify(logs), stdout, ...told];
  await using link = await connectTo(server.url);
  for (const stream of ['events-advisories', 'events-dlq'])
    for await (const { messages } of readPages(link, { stream, filters: ['>'] }))
      everything.push(
        ...messages.map(({ data, headers }) => Buffer.from(data).toString() + JSON.stringify(headers)),
      );
  expect(told).toHaveLength(3);
  for (const secret of ['ssn', '078-05', 'card', '411111', 'cvv', 'hunter2', 'password', 'Unexpected token'])
    expect(everything.filter((one) => one.includes(secret))).toEqual([]);
}, 60_000);

test('numbers are shown as they were published, in text and in JSON, and a handler can have them so', async () => {
  const server = await natsForTest();
  const p = await makeProject(
    server.url,
    { name: 'test', consumers: consumers({}) },
    {
      'handler.mjs': handlerText(`console.log('HANDLER', String(event.data.tweet)); ${fail}`),
    },
  );
  await p.cli(['pipeline', 'apply', '--yes']);
  await p.cli(['events', 'publish', 'events.order.placed', '--data', exact]);
  await p.cli(['events', 'publish', 'events.order.placed', '--data', '\ufeff{"n":9007199254740993}']);
  const logs = await deadLetters(p, 2);
  expect(logs.filter(({ msg }) => String(msg).includes('2^53'))).toMatchObject([
    { level: 'warn', eventType: 'order.placed', origin: 'events/1' },
  ]);
  await using link = await connectTo(server.url);
  expect(Buffer.from((await link.readFromLeader('events', 1))?.data ?? []).toString()).toBe(exact);
  expect(Buffer.from((await link.readFromLeader('events', 2))?.data ?? []).toString()).toMatch(/^\ufeff/);
  const commands = [
    ['dlq', 'show', 'billing/1'],
    ['events', 'explain', '1', '--data'],
  ];
  for (const words of commands) {
    const [shown, json] = [await p.cli(words), await p.cli([...words, '--json'])];
    expect(shown.stdout).not.toContain('\r');
    const event = shown.stdout.replaceAll(/\s/g, '');
    for (const one of digits) {
      expect(event).toContain(one);
      expect(json.stdout).toContain(one);
    }
    expect(shown.stdout).toContain('"amount": 0.10');
    const { event: printed } = JSON.parse(json.stdout) as {
      event: { data?: unknown; content?: { data: unknown } };
    };
    expect(printed.data ?? printed.content?.data).toEqual(JSON.parse(exact));
    expect(json.stdout.split('\n')).toHaveLength(1);
  }
  const marked = await p.cli(['dlq', 'show', 'billing/2', '--json']);
  expect(JSON.parse(marked.stdout)).toMatchObject({
    event: { encoding: 'json', data: { n: 9007199254740992 } },
  });
  expect(marked.stdout).toContain('"data":{"n":9007199254740993}');
}, 60_000);

test.each([
  ['the pipeline', { numbers: 'bigint' }, {}, 'bigint 1524831183200260097 number 0.1'],
  ['a consumer', {}, { numbers: 'text' }, 'string 1524831183200260097 number 0.1'],
  [
    'a consumer, against its pipeline',
    { numbers: 'text' },
    { numbers: 'bigint' },
    'bigint 1524831183200260097 number 0.1',
  ],
])(
  'numbers of %s',
  async (_what, root, own, expected) => {
    const server = await natsForTest();
    const body =
      'const { tweet, amount } = event.data; appendFileSync(out, `${typeof tweet} ${tweet} ${typeof amount} ${amount}\\n${event.text}\\n`);';
    const p = await makeProject(
      server.url,
      { name: 'test', ...root, consumers: consumers(own) },
      { 'handler.mjs': handlerText(body) },
    );
    await p.cli(['pipeline', 'apply', '--yes']);
    await p.cli(['events', 'publish', 'events.order.placed', '--data', exact.replace('\r', '')]);
    const run = p.start();
    await eventually('the handler has run', async () => (await p.lines()).length === 3, 20_000);
    expect((await p.lines()).slice(1)).toEqual([expected, exact.replace('\r', '')]);
    expect(run.logs().filter(({ msg }) => String(msg).includes('2^53'))).toEqual([]);
  },
  30_000,
);
