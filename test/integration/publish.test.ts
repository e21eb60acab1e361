import { pipelineOf } from '../support/pipeline-of.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import type { OutgoingEvent } from '../../src/lib/events/publish/outgoing.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import type { PublishWarning } from '../../src/lib/events/publish/warnings.js';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import type { Link } from '../../src/lib/nats/link.js';
import { updateStream } from '../../src/lib/nats/objects.js';
import { applyTopology, makeConfig, makeStream } from '../support/config.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { containing, worded } from '../support/suggestions.js';

const schema = z.object({ email: z.email(), code: z.coerce.string() });

let nats: TestServer;
let link: Link;
let pipelines = 0;
let config: PipelineConfig;

const open = (url: string, timeoutMs = 5000): Promise<Link> =>
  connect({ servers: [url], source: 'test', name: 'test', timeoutMs });

beforeAll(async () => {
  nats = await startNats();
  link = await open(nats.url);
});
afterAll(async () => {
  await link.close();
  await nats.stop();
});

// Each test has an events stream of its own in the shared server.
beforeEach(async () => {
  const name = `events${++pipelines}`;
  config = {
    ...makeConfig({
      eventsRoot: name,
      events: [
        { type: 'totp.requested', subject: `${name}.totp.requested`, schema },
        { type: 'note', subject: `${name}.note` },
      ],
    }),
    streams: { ...makeConfig().streams, events: makeStream(name, [`${name}.>`]) },
  };
  await link.jsm.streams.add({ name, subjects: [`${name}.>`] });
});

const stored = async (seq: number) => {
  const found = await link.readFromLeader(config.streams.events.name, seq);
  return { ...found, text: Buffer.from(found?.data ?? []).toString() };
};
const count = async () => (await link.streamInfo(config.streams.events.name))?.state.messages;

describe('publish', () => {
  test('a large event and a deprecated type are stored, and told once for each type', async () => {
    const events = [
      { type: 'small', subject: `${config.eventsRoot}.small`, maxBytes: 4 },
      { type: 'old', subject: `${config.eventsRoot}.old`, maxBytes: 2000, deprecated: 'use new' },
      { type: 'plain', subject: `${config.eventsRoot}.plain` },
    ];
    const told: PublishWarning[] = [];
    const onWarning = (warning: PublishWarning) => void told.push(warning);
    const publisher = new Publisher(pipelineOf(link, { ...config, events }), { onWarning });
    const kilobyte = 'x'.repeat(1024);
    for (const data of ['1234', '12345', '123456']) await publisher.publish('small', data);
    for (const data of [kilobyte, kilobyte]) await publisher.publish('old', data);
    for (const data of [kilobyte, `${kilobyte}x`]) await publisher.publish('plain', data);
    await publisher.publish(`${config.eventsRoot}.anything`, `${kilobyte}x`);
    expect(await count()).toBe(8);
    const large = (type: string, sizeBytes: number, limit: string) => ({
      kind: 'large-event',
      type,
      message: `an event of ${type} has ${sizeBytes} bytes of data, more than its maxBytes (${limit}): keep events small, and refer to what is large`,
    });
    expect(told).toEqual([
      large('small', 5, '4B'),
      { kind: 'deprecated-type', type: 'old', message: 'old is deprecated: use new' },
      large('plain', 1025, '1KiB'),
      large('anything', 1025, '1KiB'),
    ]);
  });

  test('stores the event with its type and an id of its own', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const data = { email: 'ada@example.com', code: 314159 };
    const result = await publisher.publish('totp.requested', data, { headers: { 'Session-Id': 's-1' } });
    expect(result).toEqual({
      stream: config.eventsRoot,
      seq: 1,
      duplicate: false,
      msgId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const message = await stored(1);
    expect(message.subject).toBe(`${config.eventsRoot}.totp.requested`);
    expect(message.headers).toEqual({
      'Session-Id': ['s-1'],
      'Event-Type': ['totp.requested'],
      'Nats-Msg-Id': [result.msgId],
    });
    // The schema would make the code a text; it is published as given.
    expect(message.text).toBe('{"email":"ada@example.com","code":314159}');
  });

  test('an id that was seen before is reported and not stored again', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const first = await publisher.publish('note', 'one', { id: 'n-1' });
    const second = await publisher.publish('note', 'two', { id: 'n-1' });
    expect([first.duplicate, second.duplicate, second.seq]).toEqual([false, true, first.seq]);
    expect(await count()).toBe(1);
  });

  test('a headers object is not reused with its Nats-Msg-Id', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const headers = { Tag: 'a' };
    await publisher.publish('note', 'one', { id: 'n-1', headers });
    const second = await publisher.publish('note', 'two', { headers });
    expect(headers).toEqual({ Tag: 'a' });
    expect(second.duplicate).toBe(false);
    expect(await count()).toBe(2);
  });

  test('text, bytes, nothing, and a subject without a type', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const bytes = Uint8Array.of(0, 1, 255);
    await publisher.publish('note', 'text\n');
    await publisher.publish('note', bytes);
    await publisher.publish('note');
    await publisher.publish(`${config.eventsRoot}.audit.login`, { by: 'ada' });
    expect((await stored(1)).text).toBe('text\n');
    expect(new Uint8Array((await stored(2)).data ?? [])).toEqual(bytes);
    expect((await stored(3)).data).toHaveLength(0);
    expect((await stored(4)).headers).toMatchObject({ 'Event-Type': ['audit.login'] });
  });

  test('what breaks the schema, or the rules of headers, is not stored', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    await expect(publisher.publish('totp.requested', { email: 'nobody', code: '1' })).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
    });
    await expect(publisher.publish('note', 'x', { headers: { 'Nats-Rollup': 'all' } })).rejects.toMatchObject(
      {
        code: 'INVALID_HEADER',
      },
    );
    await expect(publisher.publish('note', 'x', { id: 'a\r\nNats-Rollup: all' })).rejects.toMatchObject({
      code: 'INVALID_HEADER',
    });
    expect(await count()).toBe(0);
  });

  test('the largest event is stored, one byte more is refused with both numbers', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const options = { id: 'x' };
    await publisher.publish('note', '', options);
    const headerBytes = 'NATS/1.0\r\nEvent-Type: note\r\nNats-Msg-Id: y\r\n\r\n'.length;
    const room = link.maxPayload - headerBytes;
    await publisher.publish('note', new Uint8Array(room), { id: 'y' });
    await expect(publisher.publish('note', new Uint8Array(room + 1), { id: 'z' })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(new RegExp(`${link.maxPayload + 1} bytes .* takes ${link.maxPayload}`)),
    });
    expect(await count()).toBe(2);
  });

  test('as many bytes of headers as a stream takes are stored, one more is refused with both numbers', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const bytes = 'NATS/1.0\r\nEvent-Type: note\r\nX: \r\nNats-Msg-Id: y\r\n\r\n'.length;
    const most = 65_535 - bytes;
    await publisher.publish('note', '', { id: 'y', headers: { X: 'x'.repeat(most) } });
    await expect(
      publisher.publish('note', '', { id: 'z', headers: { X: 'x'.repeat(most + 1) } }),
    ).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/65536 bytes.*takes 65535/),
    });
    expect(await count()).toBe(1);
  });

  test('a sealed stream: the next command is named', async () => {
    const { name } = config.streams.events;
    await updateStream(link, name, { sealed: true });
    const published = new Publisher(pipelineOf(link, config)).publish('note', 'x');
    await expect(published).rejects.toMatchObject({ suggestions: [containing('pipeline apply --dry-run')] });
    await link.jsm.streams.delete(name);
  });

  test('no stream: says so at once, with the command that makes it', async () => {
    await link.jsm.streams.delete(config.streams.events.name);
    await expect(new Publisher(pipelineOf(link, config)).publish('note', 'x')).rejects.toMatchObject({
      code: 'NO_STREAM',
      exitCode: 1,
      suggestions: [worded('plutomi-events pipeline apply')],
    });
  });

  test('another stream that took it is an error', async () => {
    const elsewhere = {
      ...config,
      streams: { ...config.streams, events: makeStream('other', [`${config.eventsRoot}.>`]) },
    };
    await expect(new Publisher(pipelineOf(link, elsewhere)).publish('note', 'x')).rejects.toMatchObject({
      code: 'WRONG_STREAM',
    });
  });
});

/** The server stores the event, and its answer to the first `times` tries gets lost. */
function loseAnswers(times: number) {
  const publish = link.publishEncoded.bind(link);
  let lost = 0;
  return vi
    .spyOn(link, 'publishEncoded')
    .mockImplementation((subject, data, headers, listener) =>
      publish(subject, data, headers, (answer) =>
        listener(lost++ < times ? new UnreachableError('publish', undefined, 'no answer in time') : answer),
      ),
    );
}

describe('a lost answer', () => {
  test('is asked for again with the same id: stored once, and no duplicate of anybody', async () => {
    const spy = loseAnswers(2);
    try {
      const result = await new Publisher(pipelineOf(link, config)).publish('note', 'x');
      expect(result).toMatchObject({ seq: 1, duplicate: false });
      expect(spy).toHaveBeenCalledTimes(3);
      expect(await count()).toBe(1);
    } finally {
      spy.mockRestore();
    }
  });

  test('with an id of the caller the server decides what is a duplicate', async () => {
    const spy = loseAnswers(1);
    try {
      expect(await new Publisher(pipelineOf(link, config)).publish('note', 'x', { id: 'n-1' })).toMatchObject(
        {
          seq: 1,
          duplicate: true,
        },
      );
      expect(await count()).toBe(1);
    } finally {
      spy.mockRestore();
    }
  });

  test('the tries are bounded, and the error names the id', async () => {
    const spy = loseAnswers(100);
    try {
      await expect(
        new Publisher(pipelineOf(link, config)).publish('note', 'x', { id: 'n-1' }),
      ).rejects.toMatchObject({
        code: 'UNREACHABLE',
        exitCode: 4,
        suggestions: [expect.stringContaining('n-1')],
      });
      expect(spy).toHaveBeenCalledTimes(5);
      expect(await count()).toBe(1);
    } finally {
      spy.mockRestore();
    }
  });

  test('a server that restarts in between loses nothing and stores nothing twice', async () => {
    await using own = await startNats();
    const ownLink = await open(own.url, 1000);
    await applyTopology(ownLink, makeConfig());
    const publisher = new Publisher(pipelineOf(ownLink, makeConfig()));
    let restarted: Promise<void> | undefined;
    function* source(): Generator<OutgoingEvent> {
      for (let n = 1; n <= 3000; n++) {
        if (n === 1000) restarted = own.kill9().then(() => own.restart());
        yield { type: 'totp.requested', data: { n }, id: `id-${n}` };
      }
    }
    const published = publisher.publishMany(source(), { inFlight: 16 });
    expect(await published).toMatchObject({ stream: 'events', count: 3000, lastSeq: 3000 });
    expect((await ownLink.streamInfo('events'))?.state).toMatchObject({ messages: 3000, last_seq: 3000 });
    await restarted;
    await ownLink.close();
  });
});

describe('publishMany', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'note'],
    ['nothing', undefined],
    [
      'an object that throws when it is read',
      Object.defineProperty({}, 'type', {
        get: () => {
          throw new Error('no type');
        },
      }),
    ],
  ])('ends with an error for an event that is %s, after those before it', async (_what, event) => {
    const publisher = new Publisher(pipelineOf(link, config));
    const published = publisher.publishMany([{ type: 'note', data: 'x' }, event as OutgoingEvent]);
    await expect(published).rejects.toMatchObject({ code: 'PARTLY_PUBLISHED', published: 1 });
  });

  test('options that are none are refused as what was given', async () => {
    const given = 'id-1' as unknown as Record<string, string>;
    await expect(new Publisher(pipelineOf(link, config)).publish('note', 'x', given)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'options: expected an object, found "id-1"',
    });
  });

  test('stores all of them, and counts what was there already', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const events = Array.from({ length: 2000 }, (_, n) => ({ type: 'note', data: { n }, id: `id-${n}` }));
    expect(await publisher.publishMany(events.slice(0, 500))).toEqual({
      stream: config.eventsRoot,
      count: 500,
      firstSeq: 1,
      lastSeq: 500,
      duplicates: 0,
    });
    expect(await publisher.publishMany(events)).toEqual({
      stream: config.eventsRoot,
      count: 2000,
      firstSeq: 1,
      lastSeq: 2000,
      duplicates: 500,
    });
  });

  test('with one in flight the order of the stream is that of the source', async () => {
    const publisher = new Publisher(pipelineOf(link, config));
    const events = Array.from({ length: 50 }, (_, n) => ({ type: 'note', data: String(n) }));
    await publisher.publishMany(events, { inFlight: 1 });
    for (const seq of [1, 25, 50]) expect((await stored(seq)).text).toBe(String(seq - 1));
  });

  test('an event that fails stops it with what is stored', async () => {
    const events = [
      { type: 'note', data: 'a' },
      { type: 'totp.requested', data: {} },
      { type: 'note', data: 'b' },
    ];
    await expect(
      new Publisher(pipelineOf(link, config)).publishMany(events, { inFlight: 1 }),
    ).rejects.toMatchObject({
      code: 'PARTLY_PUBLISHED',
      published: 1,
      cause: { code: 'SCHEMA_VIOLATION' },
    });
    expect(await count()).toBe(1);
  });
});
