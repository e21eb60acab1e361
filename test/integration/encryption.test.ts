import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { parseSelection } from '../../src/lib/domain/selection/parse.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { editDeadLetters, planEdit } from '../../src/lib/dlq/edit/edit.js';
import { exportDeadLetters } from '../../src/lib/dlq/out/export.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { parseSetting } from '../../src/lib/domain/edit.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import { EventRegistry, makeEvent, PayloadEncrypted } from '../../src/lib/handlers/event.js';
import type { StoredMessage } from '../../src/lib/nats/wire/message.js';
import { readEvents } from '../../src/lib/events/read/read-events.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { buryEvent, consumer, originAt } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const secret = 'ada@example.com';
const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const type = { type: 'totp.requested', subject: 'events.totp.requested', encrypt: true } as const;
const config = { events: [type], keys: { current: 'env://KEY', previous: ['env://OLD'] } };

interface Keys {
  readonly KEY?: string;
  readonly OLD?: string;
}

/** A pipeline on this bed with these keys. */
const withKeys = (bed: TestBed, variables: Keys): Pipeline =>
  pipelineOf(bed.link, bed.config, { variables: { ...variables } });

async function publish(bed: TestBed, keys: Keys, data: unknown = { email: secret }) {
  return new Publisher(withKeys(bed, keys)).publish(type.type, data, { headers: { 'Session-Id': 's-1' } });
}

/** Everything that the server stores, headers and payloads. */
async function stored(bed: TestBed): Promise<string> {
  const texts: string[] = [];
  for (const { name } of Object.values(bed.config.streams)) {
    const info = await bed.link.streamInfo(name);
    for (let seq = Math.max(1, info?.state.first_seq ?? 1); seq <= (info?.state.last_seq ?? 0); seq++) {
      const message = await bed.link.readFromLeader(name, seq);
      if (message) texts.push(JSON.stringify(message.headers), Buffer.from(message.data).toString());
    }
  }
  return texts.join('\n');
}

describe('an event type with encrypt: true', () => {
  it('is encrypted in its stream, and a handler gets what was published', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    const message = await bed.link.readFromLeader('events', 1);
    expect(Buffer.from(message?.data ?? []).toString()).toMatch(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(message?.headers).toMatchObject({
      'Session-Id': ['s-1'],
      'Content-Type': ['application/jose'],
      'Plutomi-Encrypted': [expect.stringMatching(/^[\w-]{16}$/)],
    });
    const seen: unknown[] = [];
    const run = await bed.run(
      { [consumer]: ({ data, text, raw, type: name }) => void seen.push(data, text, raw.length, name) },
      undefined,
      { variables: { KEY: first } },
    );
    await run.until(() => seen.length > 0);
    const text = JSON.stringify({ email: secret });
    expect(seen).toEqual([{ email: secret }, text, text.length, type.type]);
    expect(await stored(bed)).not.toContain(secret);
  });

  it('fails where its key is not there, is retried, dies as a failure of its own kind, and is replayed with the key', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    const seen: unknown[] = [];
    const handler = { [consumer]: ({ data }: { readonly data: unknown }) => void seen.push(data) };
    const without = await bed.run(handler, undefined, { variables: { KEY: second } });
    await without.until(() => without.count('exhausted') === 2);
    await bed.quiet();
    await without.stop();
    const dead = await bed.dead(consumer, 1);
    expect(dead?.pointer).toMatchObject({
      failure: { kind: 'encrypted', name: 'PayloadEncrypted' },
      attempts: { main: 3, retry: 3 },
    });
    expect(seen).toEqual([]);
    const run = await bed.run(handler, undefined, { variables: { KEY: second, OLD: first } });
    await replay(bed);
    await run.until(() => seen.length > 0);
    expect(seen).toEqual([{ email: secret }]);
    expect(await stored(bed)).not.toContain(secret);
  });

  it('is not rejected by a config that has no keys', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: 1 }) } };
    for (const event of [{ ...type }, { ...type, schema }]) {
      const { keys: _keys, ...keyless } = bed.config;
      const registry = new EventRegistry({ ...keyless, events: [event] });
      const stored = await bed.link.readFromLeader('events', 1);
      const message = { ...(stored as StoredMessage), msgId: undefined };
      const read = async (): Promise<unknown> => (await makeEvent(message, registry)).data;
      await expect(read()).rejects.toBeInstanceOf(PayloadEncrypted);
    }
  });

  it('shows no word of it in what its schema says', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          (value as { ok?: boolean }).ok
            ? { value }
            : { issues: [{ message: `found ${JSON.stringify(value)}`, path: [secret] }] },
      },
    };
    const bed = await testBed({ ...config, events: [{ ...type, schema }] });
    const refused = await publish(bed, { KEY: first }).catch((error: unknown) => String(error));
    expect(refused).toContain('does not match the schema of totp.requested: 1 problem, not shown');
    const loose = pipelineOf(bed.link, { ...bed.config, events: [type] }, { variables: { KEY: first } });
    await new Publisher(loose).publish(type.type, { email: secret });
    const run = await bed.run({ [consumer]: () => {} }, undefined, { variables: { KEY: first } });
    await run.until(() => run.count('exhausted') === 1);
    await bed.quiet();
    expect((await bed.dead(consumer, 1))?.pointer.failure).toMatchObject({
      kind: 'schema',
      message:
        'the payload does not match the schema of totp.requested: 1 problem, not shown: its payload is encrypted',
    });
    expect(await stored(bed)).not.toContain(secret);
    expect(JSON.stringify(run.events)).not.toContain(secret);
  });

  it('is shown to who has the keys, and never exported', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    await buryEvent(bed, await originAt(bed, 1));
    const shown = async (keys: Keys) => (await showDeadLetter(withKeys(bed, keys), `${consumer}/1`)).event;
    const key = expect.stringMatching(/^[\w-]{16}$/) as string;
    expect(await shown({ KEY: first })).toMatchObject({
      data: { email: secret },
      encoding: 'json',
      encryption: { key, opened: true, reason: null },
    });
    expect(await shown({})).toMatchObject({
      data: expect.stringMatching(/^eyJ/) as string,
      text: null,
      encoding: 'encrypted',
      encryption: { key, opened: false, reason: expect.stringContaining('env://KEY is not there') as string },
    });
    for await (const letters of exportDeadLetters(withKeys(bed, { KEY: first }), {}, { withData: true })) {
      expect(letters).toMatchObject([{ event: { encoding: 'encrypted', encryption: { opened: false } } }]);
      expect(JSON.stringify(letters)).not.toContain(secret);
    }
  });

  it('is read from the stream by who has the keys', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    const read = async (keys: Keys): Promise<unknown[]> => {
      const events: unknown[] = [];
      for await (const event of readEvents(withKeys(bed, keys), { follow: false }))
        events.push(event.data, event.raw.length, JSON.parse(JSON.stringify(event)));
      return events;
    };
    const bytes = JSON.stringify({ email: secret }).length;
    expect(await read({ KEY: first })).toMatchObject([
      { email: secret },
      bytes,
      { data: { email: secret }, encoding: 'json', encryption: { opened: true } },
    ]);
    const [data, length, json] = await read({ KEY: second });
    expect(data).toMatch(/^eyJ/);
    expect(length).toBe(String(data).length);
    expect(json).toMatchObject({ encoding: 'encrypted', encryption: { opened: false } });
  });

  it('is edited by who has the keys, and what was edited is encrypted too', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    await buryEvent(bed, await originAt(bed, 1));
    const change = changeBy(
      { set: [parseSetting(`data.note=for ${secret}`) as never], unset: [] },
      undefined,
    );
    const edit = async (keys: Keys) => {
      const pipeline = withKeys(bed, keys);
      const plan = await planEdit(pipeline, { filters: {} }, change);
      const result = await editDeadLetters(pipeline, plan, change, { note: 'why', task: 'edit-1' });
      return { plan, result };
    };
    expect((await edit({ KEY: second })).plan).toMatchObject({
      items: [],
      invalid: [
        { id: `${consumer}/1`, reason: expect.stringContaining('the key here does not open it') as string },
      ],
    });
    const { plan, result } = await edit({ KEY: second, OLD: first });
    expect(plan.differences[0]?.before.headers).not.toHaveProperty('Plutomi-Encrypted');
    expect(result).toMatchObject({ changed: 1, replayed: 1 });
    expect(await stored(bed)).not.toContain(secret);
    expect((await bed.link.streamInfo('events-kept'))?.state.messages).toBe(1);
    const seen: unknown[] = [];
    const run = await bed.run(
      {
        [consumer]: ({ data, edited, headers }, { stage }) =>
          void (stage === 'retry' && seen.push(data, edited, headers['Session-Id'])),
      },
      undefined,
      // What was edited is encrypted with the key that was current then.
      { variables: { KEY: second } },
    );
    await run.until(() => seen.length > 0);
    expect(seen).toEqual([{ email: secret, note: `for ${secret}` }, true, ['s-1']]);
  });

  it('is found by its data where the keys are', async () => {
    const bed = await testBed(config);
    await publish(bed, { KEY: first });
    await buryEvent(bed, await originAt(bed, 1));
    const found = async (keys: Keys) => {
      const filters = { selection: parseSelection(`data.email:${secret}`) };
      const { items, eventsRead } = await planReplay(withKeys(bed, keys), { filters });
      return [items.length, eventsRead];
    };
    const read = { keys: ['data.email'], read: 1, gone: 0 };
    expect(await found({ KEY: first })).toEqual([1, read]);
    expect(await found({ KEY: second })).toEqual([0, { ...read, encrypted: 1 }]);
  });

  it('is not published without a key, and nobody else sets its mark', async () => {
    const bed = await testBed(config);
    await expect(publish(bed, {})).rejects.toMatchObject({ code: 'NO_KEY', exitCode: 2 });
    const forged = new Publisher(withKeys(bed, {})).publish('totp.requested', 'eyJ', {
      headers: { 'plutomi-encrypted': 'x' },
    });
    await expect(forged).rejects.toMatchObject({ code: 'INVALID_HEADER' });
    expect((await bed.link.streamInfo('events'))?.state.messages).toBe(0);
  });
});
