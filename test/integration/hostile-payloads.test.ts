import { pipelineOf } from '../support/pipeline-of.js';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import { renderDeadLetter } from '../../src/lib/render/dead-letter.js';
import { renderExplanation } from '../../src/lib/render/explanation.js';
import { colorsFor } from '../../src/lib/render/colors.js';
import { hostileSequences, unprintable } from '../support/hostile.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const consumer = 'notifications-consumer';
const brief = { attempts: 1, retry: { enabled: true, delayMs: 1, attempts: 1, backoffMs: [] } };

interface Sent {
  readonly what: string;
  readonly data: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly encoding: 'json' | 'utf8' | 'base64';
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const manyHeaders = (count: number, size: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, 'h'.repeat(size)]));
// A header's value can't hold a line feed, and its ends are trimmed.
const hostileValue = `a${hostileSequences.join('').replaceAll(/[\r\n\0\ud800-\udfff]/g, '')}a`;

/** Fails each event in both stages, shows and explains its dead letter, and replays it to a handler that succeeds. */
async function survives(bed: TestBed, events: readonly Sent[]): Promise<void> {
  const publisher = new Publisher(pipelineOf(bed.link, bed.config));
  const seen = new Map<number, { data: Uint8Array; headers: unknown; id: string | undefined }[]>();
  const run = await bed.run({
    [consumer]: ({ seq, raw, headers, id }, { cycle }) => {
      seen.set(seq, [...(seen.get(seq) ?? []), { data: raw, headers, id }]);
      if (cycle === 0) throw new Error('not yet');
    },
  });
  for (const { data, headers = {}, id } of events) {
    await publisher.publish('totp.requested', data, { headers, ...(id === undefined ? {} : { id }) });
  }
  await run.until(() => run.count('dead-letter') === events.length);
  const view = { width: 120, colors: colorsFor({ isTty: false, off: true }), nowMs: Date.now() };
  for (const [i, { what, encoding, data, headers = {} }] of events.entries()) {
    const details = await showDeadLetter(pipelineOf(bed.link, bed.config), `${consumer}/${i + 1}`);
    expect([what, details.event?.encoding]).toEqual([what, encoding]);
    for (const [name, value] of Object.entries(headers))
      expect(details.event?.headers[name]).toEqual([value]);
    expect(JSON.stringify(details).length).toBeGreaterThan(data.length);
    expect(renderDeadLetter(details, view)).not.toMatch(unprintable);
    const told = await explainEvent(pipelineOf(bed.link, bed.config), String(i + 1), {
      withContent: true,
    });
    expect([what, told.event?.bytes, told.consumers[0]?.state]).toEqual([what, data.length, 'dead']);
    expect(renderExplanation(told, view)).not.toMatch(unprintable);
  }
  const result = await replay(bed, { filters: {} }, { waitMs: 20_000 });
  expect(result).toMatchObject({ replayed: events.length, resolved: events.length, skipped: [] });
  for (const [i, { what, data, headers = {}, id }] of events.entries()) {
    const runs = seen.get(i + 1) ?? [];
    expect([what, runs.length]).toEqual([what, 3]);
    for (const one of runs) {
      expect(Buffer.compare(one.data, data)).toBe(0);
      for (const [name, value] of Object.entries(headers))
        expect(one.headers).toMatchObject({ [name]: [value] });
      if (id !== undefined) expect(one.id).toBe(id);
    }
  }
  await bed.quiet();
  expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(0);
  expect(run.count('holding')).toBe(0);
}

test('payloads and headers of every size come through retry, DLQ, show, explain and replay as they were', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, ...brief }] });
  const frame = Buffer.byteLength('NATS/1.0\r\nEvent-Type: totp.requested\r\nNats-Msg-Id: m\r\n\r\n');
  const most = bed.link.maxPayload - frame;
  await survives(bed, [
    { what: 'max_payload of noise', data: randomBytes(most), id: 'm', encoding: 'base64' },
    { what: 'max_payload on one line', data: bytes(`"${'x'.repeat(most - 2)}"`), id: 'n', encoding: 'json' },
    { what: 'nothing', data: bytes(''), encoding: 'utf8' },
    { what: 'every byte', data: Uint8Array.from({ length: 256 }, (_, i) => i), encoding: 'base64' },
    { what: 'invalid UTF-8 within JSON', data: Buffer.from([0x22, 0xff, 0x22]), encoding: 'base64' },
    { what: 'what a terminal obeys', data: bytes(hostileSequences.join(' ')), encoding: 'utf8' },
    { what: 'the same as JSON', data: bytes(JSON.stringify(hostileSequences)), encoding: 'json' },
    {
      what: '10,000 levels',
      data: bytes(`${'{"a":['.repeat(5000)}${']}'.repeat(5000)}`),
      encoding: 'utf8',
    },
    { what: '12,000 bytes of headers', data: bytes('{}'), headers: manyHeaders(120, 95), encoding: 'json' },
    { what: '60,000 bytes of headers', data: bytes('{}'), headers: manyHeaders(60, 990), encoding: 'json' },
    { what: 'hostile headers', data: bytes('{}'), headers: { Trace: hostileValue }, encoding: 'json' },
    {
      what: 'an id of 60,000 bytes',
      data: bytes('{}'),
      id: `a${'\u0001'.repeat(59_998)}b`,
      encoding: 'json',
    },
  ]);
}, 60_000);

test('an event whose headers alone nearly fill max_payload is dead-lettered and replayed like any other', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, ...brief }] }, { config: 'max_payload: 65536' });
  expect(bed.link.maxPayload).toBe(65_536);
  await survives(bed, [
    { what: 'headers', data: bytes(''), headers: manyHeaders(65, 988), encoding: 'utf8' },
    { what: 'one header', data: bytes('{}'), headers: { X: 'h'.repeat(65_300) }, encoding: 'json' },
    { what: 'payload', data: bytes(`"${'x'.repeat(65_000)}"`), encoding: 'json' },
    { what: 'an id', data: bytes('{}'), id: `a${'\u0001'.repeat(60_000)}b`, encoding: 'json' },
  ]);
});
