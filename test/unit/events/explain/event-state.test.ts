import { describe, expect, test } from 'vitest';
import { stateOf, type StateFacts } from '../../../../src/lib/events/explain/event-state.js';

const event = { seq: 5, time: '1795227599252314333' };
const nowMs = 1_795_227_700_000;

type Records = StateFacts['records'];

function info(config: object = {}, delivered = 9, pending = 0): NonNullable<StateFacts['info']> {
  return {
    config: { deliver_policy: 'all', ...config },
    created: '2026-11-20T00:00:00Z',
    delivered: { consumer_seq: 1, stream_seq: delivered },
    ack_floor: { consumer_seq: 1, stream_seq: 0 },
    num_ack_pending: pending,
  } as unknown as NonNullable<StateFacts['info']>;
}

function state(facts: Partial<StateFacts>): string {
  return stateOf({ records: [], info: info(), event, nowMs, ...facts });
}

const failed: Records = [{ kind: 'ATTEMPT_FAILED', stage: 'main', cycle: 0 }];
const exhausted: Records = [...failed, { kind: 'MAX_DELIVERIES', stage: 'main', cycle: 0 }];
const parked: Records = [...exhausted, { kind: 'ROUTED', stage: 'main', cycle: 0, to: 'retry' }];
const resolved: Records = [...parked, { kind: 'RESOLVED', stage: 'retry', cycle: 0 }];
const used: Records = [...parked, { kind: 'MAX_DELIVERIES', stage: 'retry', cycle: 0 }];
const dead: Records = [...used, { kind: 'ROUTED', stage: 'retry', cycle: 0, to: 'dlq' }];
const replayed: Records = [...dead, { kind: 'REPLAYED', stage: 'dlq', cycle: 1 }];

describe('stateOf', () => {
  const cases: [string, Partial<StateFacts>][] = [
    ['acknowledged', {}],
    ['no-trace', { untold: 'the journal begins later' }],
    ['waiting', { info: info({}, 4), untold: 'the journal begins later' }],
    ['waiting', { info: info({}, 4) }],
    ['let-go', { external: true }],
    ['let-go', { external: true, records: failed }],
    ['waiting', { external: true, info: info({}, 4) }],
    ['unknown', { info: info({}, 9, 1) }],
    ['before-start', { info: info({ deliver_policy: 'by_start_sequence', opt_start_seq: 6 }) }],
    ['before-start', { info: { ...info({ deliver_policy: 'new' }), created: '2026-12-01T00:00:00Z' } }],
    ['acknowledged', { info: info({ deliver_policy: 'new' }) }],
    [
      'before-start',
      { info: info({ deliver_policy: 'by_start_time', opt_start_time: '2026-12-01T00:00:00Z' }) },
    ],
    ['waiting', { records: failed, info: info({}, 4) }],
    ['failing', { records: failed, info: info({}, 9, 1) }],
    ['broken', { records: failed }],
    ['exhausted', { records: exhausted }],
    ['parked', { records: parked, waiting: { cycle: 0, notBeforeMs: nowMs + 1 } }],
    ['retrying', { records: parked, waiting: { cycle: 0, notBeforeMs: nowMs } }],
    ['broken', { records: parked }],
    ['resolved', { records: resolved }],
    ['resolved', { records: resolved, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['exhausted', { records: used, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['exhausted', { records: used }],
    ['dead', { records: dead, dead: { cycle: 0 } }],
    ['dead', { records: dead, dead: { cycle: 0 }, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['broken', { records: dead }],
    ['resolved-late', { records: resolved, dead: { cycle: 0 } }],
    ['discarded', { records: [...dead, { kind: 'DISCARDED', stage: 'dlq', cycle: 0 }] }],
    ['retrying', { records: replayed, waiting: { cycle: 1, notBeforeMs: 0 }, dead: { cycle: 0 } }],
    ['broken', { records: replayed }],
    ['resolved', { records: [...replayed, { kind: 'RESOLVED', stage: 'retry', cycle: 1 }] }],
  ];
  test.each(cases)('%s', (expected, facts) => {
    expect(state(facts)).toBe(expected);
  });

  test('no-consumer', () => {
    expect(stateOf({ records: [], event, nowMs })).toBe('no-consumer');
  });
});
