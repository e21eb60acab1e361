import { describe, expect, it } from 'vitest';
import type { ReplayPlan } from '../../../src/lib/dlq/replay/plan-replay.js';
import { renderReplayPlan, renderReplayResult } from '../../../src/lib/render/replay-plan.js';
import { makeView, plainColors } from './dead-letter-items.js';

const plan: ReplayPlan = {
  pipeline: 'plutomi',
  server: '127.0.0.1:4222',
  items: [
    { id: 'a/1', dlqSeq: 1, cycle: 0 },
    { id: 'a/2', dlqSeq: 2, cycle: 0 },
  ],
  skipped: [{ id: 'a/3', reason: 'the original is missing' }],
  consumers: [{ name: 'a', count: 3 }],
  reasons: [
    { name: 'timeout', count: 2 },
    { name: 'x'.repeat(100), count: 1 },
  ],
  groups: [],
  oldestDeadAt: '2026-01-31T10:00:00.000Z',
  newestDeadAt: null,
  missing: 1,
  replaced: 0,
  superseded: 0,
  unknown: [],
  notRunning: ['a'],
  heldUp: [],
  kinds: [],
};

const counts = { selected: 3, replayed: 3, skipped: [], resolved: 0, deadAgain: 0, pending: 3 };
const done = { ...counts, task: 't', name: 't', state: 'done' as const, steps: [], stopped: null };

describe('renderReplayPlan', () => {
  it('says where, how many, of whom, why they died, and what is skipped', () => {
    const text = renderReplayPlan(plan, makeView());
    expect(text).toMatchInlineSnapshot(`
      "  server     127.0.0.1:4222
        pipeline   plutomi
        replay     2 of 3 selected
        consumers  3 × a
        reasons    2 × timeout
                   1 × xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        oldest     2026-01-31 10:00:00 UTC, 2h ago
        originals  1 missing
        no process is waiting for events of a; is pipeline run running?
        skipped a/3: the original is missing"
    `);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('is short, whatever it stands for', () => {
    const skipped = Array.from({ length: 100 }, (_, i) => ({ id: `a/${i + 1}`, reason: 'gone' }));
    const reasons = Array.from({ length: 9 }, (_, i) => ({ name: `reason ${i}`, count: 1 }));
    const text = renderReplayPlan({ ...plan, skipped, reasons, missing: 60, replaced: 40 }, makeView());
    expect(text).toContain('and 4 more');
    expect(text).toContain('60 missing, 40 replaced');
    expect(text).toContain('skipped 95 more: --json shows all');
    const piped = renderReplayPlan({ ...plan, skipped }, makeView(Number.POSITIVE_INFINITY));
    expect(piped).toContain('skipped 80 more: --json shows all');
  });

  it('breaks what is skipped between words, and keeps the plan in sight on a terminal', () => {
    const reason = 'the original is missing: events no longer has sequence 1234567';
    const skipped = Array.from({ length: 13 }, (_, i) => ({ id: `notifications-consumer/${i + 1}`, reason }));
    const lines = renderReplayPlan({ ...plan, skipped }, makeView()).split('\n');
    expect(lines.slice(-3)).toEqual([
      '  skipped notifications-consumer/5: the original is missing: events no longer',
      '          has sequence 1234567',
      '  skipped 8 more: --json shows all',
    ]);
    expect(lines.length).toBeLessThanOrEqual(22);
    const piped = renderReplayPlan({ ...plan, skipped }, makeView(Number.POSITIVE_INFINITY));
    expect(piped).toContain(`skipped notifications-consumer/13: ${reason}`);
  });
});

describe('renderReplayResult', () => {
  it('says what was done and, where it was waited for, what came of it', () => {
    const render = (result: typeof done | object, waited: boolean): string =>
      renderReplayResult({ ...done, ...result }, waited, plainColors);
    expect(render({}, false)).toBe('3 of 3 replayed');
    expect(render({ resolved: 3, pending: 0 }, true)).toBe('3 of 3 replayed, 3 resolved');
    expect(render({ resolved: 1, deadAgain: 1, pending: 1 }, true)).toBe(
      '3 of 3 replayed, 1 resolved, 1 dead again, 1 still pending',
    );
    expect(render({ replayed: 2, skipped: [{ id: 'a/1', reason: 'x' }], interrupted: true }, false)).toBe(
      'Interrupted: 2 of 3 replayed, 1 skipped',
    );
  });
});
