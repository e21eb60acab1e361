import { expect, test } from 'vitest';
import type { Handler, PlutomiEvent } from '../../src/lib/handlers/contract.js';
import { testBed } from '../support/pipeline.js';

const count = 60;
const names = ['one', 'other', 'third'];

function seen({ seq, raw, headers, data }: PlutomiEvent): string {
  return JSON.stringify([seq, Buffer.from(raw).toString(), headers, data]);
}

function spoil({ raw, headers, data, time }: PlutomiEvent): void {
  raw.fill(0);
  for (const values of Object.values(headers)) (values as string[]).push('altered');
  Object.assign(headers, { Altered: ['yes'] });
  Object.assign(data as object, { n: 'altered' });
  time.setTime(0);
}

test('whatever a handler does to its event, the other consumers get what was published', async () => {
  const retry = { enabled: true, delayMs: 0, attempts: 2, backoffMs: [0] };
  const bed = await testBed({
    consumers: names.map((name) => ({ name, concurrency: count, attempts: 1, retry })),
  });
  const runs: string[] = [];
  const handler: Handler = (event, { stage, attempt }) => {
    runs.push(seen(event));
    spoil(event);
    if (stage === 'main' || attempt === 1) throw new Error('again');
  };
  const expected: string[] = [];
  for (let n = 1; n <= count; n++) {
    const data = JSON.stringify({ n });
    await bed.link.publish('events.totp.requested', data, {
      headers: { Trace: ['a', 'b'] },
      msgId: `id-${n}`,
    });
    expected.push(JSON.stringify([n, data, { Trace: ['a', 'b'], 'Nats-Msg-Id': [`id-${n}`] }, { n }]));
  }
  const run = await bed.run(Object.fromEntries(names.map((name) => [name, handler])));
  await run.until(() => run.count('succeeded') + run.count('dead-letter') === count * names.length);
  expect(run.count('dead-letter')).toBe(0);
  const runsOfEach = names.length * 3;
  expect(runs.length).toBe(count * runsOfEach);
  for (const one of expected) expect(runs.filter((seen) => seen === one).length).toBe(runsOfEach);
});
