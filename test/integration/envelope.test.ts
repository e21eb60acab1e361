import { describe, expect, it } from 'vitest';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { planEdit } from '../../src/lib/dlq/edit/edit.js';
import { parseSetting } from '../../src/lib/domain/edit.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import { keyFields } from '../../src/lib/observe/log-lines.js';
import { consumer } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { testBed } from '../support/pipeline.js';

const envelope = {
  type: 'event_type',
  id: 'message_id',
  time: 'timestamp',
  correlation: 'session_id',
  payload: 'payload',
  attempts: 'retry_count',
};
const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof (value as { email?: unknown }).email === 'string'
        ? { value }
        : { issues: [{ message: 'no email' }] },
  },
};
const events = [{ type: 'totp.requested', subject: 'events.totp.requested', schema }];

describe('an envelope', () => {
  it('is around the data in the stream, and a handler sees both, with how often it failed', async () => {
    const bed = await testBed({ envelope, events });
    const publisher = new Publisher(pipelineOf(bed.link, bed.config));
    await publisher.publish('totp.requested', '{"email":"ada@example.com","n":12345678901234567890}', {
      id: 'm-1',
      correlation: 's-1',
    });
    const message = await bed.link.readFromLeader('events', 1);
    const text = Buffer.from(message?.data ?? []).toString();
    expect(text).toMatch(
      /^\{"event_type":"totp\.requested","message_id":"m-1","timestamp":"[\dT:.-]+Z","session_id":"s-1","payload":\{"email":"ada@example\.com","n":12345678901234567890\}\}$/,
    );
    expect(message?.headers).toMatchObject({ 'Session-Id': ['s-1'], 'Event-Type': ['totp.requested'] });
    const seen: unknown[] = [];
    const run = await bed.run({
      [consumer]: ({ data, envelope: around }, { stage, attempt }) => {
        seen.push([
          (data as { email: string }).email,
          around?.['retry_count'],
          around?.['session_id'],
          around?.['payload'],
        ]);
        if (stage === 'main' || attempt < 2) throw new Error('not yet');
      },
    });
    await run.until(() => run.count('succeeded') === 1);
    expect(seen).toEqual([0, 1, 2, 3, 4].map((count) => ['ada@example.com', count, 's-1', undefined]));
    expect(Buffer.from((await bed.link.readFromLeader('events', 1))?.data ?? []).toString()).toBe(text);
    // The correlation id is in every line of the log that is about it, in the retry stage too.
    const lines = run.events.flatMap((event) =>
      'key' in event && event.key.tier === 'business' ? [keyFields(event.key)] : [],
    );
    expect(lines.length).toBeGreaterThan(4);
    expect(new Set(lines.map(({ correlationId, eventId }) => [correlationId, eventId].join(' ')))).toEqual(
      new Set(['s-1 m-1']),
    );
  });

  it('is not needed around what was stored before, and holds what is JSON', async () => {
    const bed = await testBed({ envelope, events });
    await bed.publish('totp.requested', { email: 'old' });
    const seen: unknown[] = [];
    const run = await bed.run({ [consumer]: ({ data, envelope: around }) => void seen.push(data, around) });
    await run.until(() => seen.length > 0);
    expect(seen).toEqual([{ email: 'old' }, undefined]);
    const publisher = new Publisher(pipelineOf(bed.link, bed.config));
    await expect(publisher.publish('events.other', 'text')).rejects.toMatchObject({ code: 'NOT_JSON' });
    await expect(publisher.publish('totp.requested', {})).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
    await publisher.publish('events.other');
    await run.until(() => seen.length > 2);
    expect(seen.slice(2)).toMatchObject([null, { event_type: 'other', retry_count: 0 }]);
  });

  it('is looked into by the schema when it is edited, and other keys are configurable', async () => {
    const config = { envelope: { payload: 'body', type: 'kind' }, correlationHeader: 'Trace', events };
    const bed = await testBed(config);
    const publisher = new Publisher(pipelineOf(bed.link, bed.config));
    await publisher.publish('totp.requested', { email: 'ada' }, { correlation: 't-1', headers: { A: 'b' } });
    const message = await bed.link.readFromLeader('events', 1);
    expect(Buffer.from(message?.data ?? []).toString()).toBe(
      '{"kind":"totp.requested","body":{"email":"ada"}}',
    );
    expect(message?.headers).toMatchObject({ Trace: ['t-1'], A: ['b'] });
    const run = await bed.run({
      [consumer]: () => {
        throw new Error('down');
      },
    });
    await run.until(() => run.count('exhausted') === 2);
    await bed.quiet();
    const plan = async (setting: string) => {
      const change = changeBy({ set: [parseSetting(setting) as never], unset: [] }, undefined);
      const { items, invalid } = await planEdit(pipelineOf(bed.link, bed.config), { filters: {} }, change);
      return [items.length, invalid.length];
    };
    expect(await plan('data.body.email="eve"')).toEqual([1, 0]);
    expect(await plan('data.body.email=5')).toEqual([0, 1]);
  });
});
