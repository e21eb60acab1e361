import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { renderConsequences, renderPlan, renderSummary } from '../../../src/lib/render/topology-plan.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import type { Plan, PlannedChange } from '../../../src/lib/topology/plan.js';
import { makeConfig } from '../../support/config.js';

const plain = colorsFor({ isTty: false, off: false });
const colored = colorsFor({ isTty: true, off: false });

const dayNs = 86_400_000_000_000;

const create: PlannedChange = {
  action: 'create',
  kind: 'consumer',
  name: 'audit',
  stream: 'events',
  fields: [
    { path: 'filter_subjects', from: null, to: ['events.a', 'events.b'] },
    { path: 'ack_wait', from: null, to: 30_000_000_000 },
    { path: 'max_deliver', from: null, to: -1 },
    { path: 'max_ack_pending', from: null, to: 1 },
  ],
  consequences: [{ what: 'delivered-after', role: 'events', count: 5 }],
};
const update: PlannedChange = {
  action: 'update',
  kind: 'stream',
  name: 'events',
  fields: [
    { path: 'max_age', from: 7 * dayNs, to: 3 * dayNs },
    { path: 'max_bytes', from: -1, to: 10_000_000_000 },
    { path: 'subjects', from: ['events.>', 'old.>'], to: ['events.>', 'new.>'] },
  ],
  consequences: [],
};
const replace: PlannedChange = {
  action: 'replace',
  kind: 'stream',
  name: 'events-dlq',
  fields: [{ path: 'storage', from: 'file', to: 'memory' }],
  consequences: [{ what: 'lost', role: 'dlq', count: 3 }],
};
const taken: PlannedChange = {
  ...create,
  action: 'replace',
  stream: 'events-dlq',
  fields: [],
  consequences: [],
};
const orphan: PlannedChange = {
  action: 'orphan',
  kind: 'consumer',
  name: 'old',
  stream: 'events',
  fields: [],
  consequences: [],
};
const none: PlannedChange = { action: 'none', kind: 'stream', name: 'events', fields: [], consequences: [] };

function planOf(...changes: PlannedChange[]): Plan {
  const desired = desiredTopology(makeConfig());
  return {
    pipeline: 'plutomi',
    server: '127.0.0.1:4222',
    desired,
    changes,
    conflicts: [],
    needsConfirmation: false,
  };
}

describe('renderPlan', () => {
  it('is a diff with the pipeline and the server on top and the sums at the end', () => {
    expect(
      renderPlan(planOf(create, update, replace, taken, orphan, none), plain),
    ).toBe(`plutomi on 127.0.0.1:4222

+ create consumer events/audit
    filter_subjects: events.a, events.b
    ack_wait: 30s
    max_ack_pending: 1
    ! 5 events are already stored and will be delivered to it

~ update stream events
    max_age: 7d → 3d
    max_bytes: no limit → 10GB
    subjects:
      - old.>
      + new.>

-/+ replace stream events-dlq
    will be deleted and created again: needs --replace events-dlq
    storage: file → memory
    ! 3 dead letters are lost

-/+ replace consumer events-dlq/audit
    will be deleted with its stream and created again

? orphan consumer events/old
    no longer in the config, and left alone; to delete it:
      nats consumer rm events old

1 to create, 1 to update, 2 to replace. 1 orphan left alone.`);
  });

  it('begins with the names where there are many changes', () => {
    const many = Array.from({ length: 6 }, (_, i) => ({ ...create, name: `consumer-number-${i}` }));
    const text = renderPlan(planOf(...many, update), plain);
    expect(text.split('\n\n')[1]).toBe(
      [
        '+ create 6 consumers: events/consumer-number-0, events/consumer-number-1,',
        '                      events/consumer-number-2, events/consumer-number-3,',
        '                      events/consumer-number-4, events/consumer-number-5',
        '~ update 1 stream: events',
      ].join('\n'),
    );
    expect(renderPlan(planOf(...many), plain)).not.toContain('6 consumers');
  });

  it('says when there is nothing to do', () => {
    expect(renderPlan(planOf(none), plain)).toBe(
      'plutomi on 127.0.0.1:4222\n\nNo changes. The server matches the config.',
    );
    expect(renderSummary([orphan])).toBe('No changes. The server matches the config. 1 orphan left alone.');
  });

  it('puts a long list one entry a line', () => {
    const to = [
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.>',
    ];
    const text = renderPlan(planOf({ ...create, fields: [{ path: 'subjects', from: null, to }] }), plain);
    expect(text).toContain(`    subjects:\n      ${to[0]}\n      ${to[1]}\n`);
  });

  it('colours by what is done', () => {
    const text = renderPlan(planOf(create, update, replace), colored);
    expect(text).toContain('\u001b[32m+ create consumer events/audit\u001b[39m');
    expect(text).toContain('\u001b[33m~ update stream events\u001b[39m');
    expect(text).toContain('\u001b[31m-/+ replace stream events-dlq\u001b[39m');
    expect(text).toContain('\u001b[31m7d\u001b[39m → \u001b[32m3d\u001b[39m');
  });

  it('lets nothing through that a terminal would obey', () => {
    const nasty = '\u001b[2Jx';
    const all = planOf(
      { ...update, name: nasty, fields: [{ path: nasty, from: [nasty], to: [`${nasty}2`] }] },
      { ...create, stream: nasty, fields: [{ path: 'x', from: null, to: nasty }] },
      { ...orphan, name: nasty },
      { ...replace, consequences: [{ what: 'consumers-lost', names: [nasty] }] },
    );
    const text = renderPlan({ ...all, pipeline: nasty, server: nasty }, plain);
    expect(text).not.toContain('\u001b');
    expect(renderConsequences(all).join('')).not.toContain('\u001b');
  });

  it('gives the consequences alone too', () => {
    expect(renderConsequences(planOf(create, update, replace))).toEqual([
      'create consumer events/audit: 5 events are already stored and will be delivered to it',
      'replace stream events-dlq: 3 dead letters are lost',
    ]);
  });
});
