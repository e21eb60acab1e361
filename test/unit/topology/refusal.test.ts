import { describe, expect, it } from 'vitest';
import type { Conflict } from '../../../src/lib/topology/diff/conflicts.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import type { Plan, PlannedChange } from '../../../src/lib/topology/plan.js';
import { refusalOf } from '../../../src/lib/topology/refusal.js';
import { makeConfig } from '../../support/config.js';
import { containing, worded } from '../../support/suggestions.js';

const storage = [{ path: 'storage', from: 'file', to: 'memory' }];
const replaceStream: PlannedChange = {
  action: 'replace',
  kind: 'stream',
  name: 'events',
  fields: storage,
  consequences: [{ what: 'lost', role: 'events', count: 12 }],
};
const shorten: PlannedChange = {
  action: 'update',
  kind: 'stream',
  name: 'events',
  fields: [{ path: 'max_age', from: 7, to: 3 }],
  consequences: [
    { what: 'expired', role: 'events', count: 5 },
    { what: 'unprocessed', role: 'events', consumer: 'audit', count: 2, atMost: true },
    { what: 'original-lost', role: 'dlq', count: 1 },
  ],
};
const replaceConsumer: PlannedChange = {
  action: 'replace',
  kind: 'consumer',
  name: 'audit',
  stream: 'events',
  fields: [{ path: 'deliver_policy', from: 'all', to: 'new' }],
  consequences: [],
};

function planOf(changes: readonly PlannedChange[], conflicts: readonly Conflict[] = []): Plan {
  const desired = desiredTopology(makeConfig());
  return { pipeline: 'test', server: 'here', desired, changes, conflicts, needsConfirmation: true };
}

describe('refusalOf', () => {
  it('refuses a replacement that is not named, with its cost and the command that does it', () => {
    const refusal = refusalOf(planOf([replaceStream]), {});
    expect(refusal).toMatchObject({ code: 'REPLACE_REFUSED', exitCode: 1 });
    expect(refusal?.message).toContain('stream events: storage can');
    expect(refusal?.message).toContain('12 events are lost');
    expect(refusal?.suggestions[0]).toEqual(
      worded('to do it: plutomi-events pipeline apply --replace events'),
    );
  });

  it('names in the command all that must be named', () => {
    const refusal = refusalOf(planOf([replaceStream, { ...replaceConsumer, stream: 'events-dlq' }]), {
      replace: ['events'],
    });
    expect(refusal?.message).not.toContain('stream events:');
    expect(refusal?.suggestions[0]).toEqual(containing('--replace events --replace audit'));
  });

  it('lets a stream take its consumers along', () => {
    expect(refusalOf(planOf([replaceStream, replaceConsumer]), { replace: ['events'] })).toBeUndefined();
    expect(refusalOf(planOf([replaceStream, replaceConsumer]), {})?.message).not.toContain('consumer audit');
  });

  it.each(['audit', 'events/audit'])('takes %s for the name of a consumer', (name) => {
    expect(refusalOf(planOf([replaceConsumer]), { replace: [name] })).toBeUndefined();
  });

  it('is silent about a name that needs no replacement', () => {
    const change: PlannedChange = { ...replaceStream, action: 'none', fields: [] };
    expect(refusalOf(planOf([change]), { replace: ['events'] })).toBeUndefined();
  });

  it('refuses a name that the pipeline does not have, as wrong usage', () => {
    const refusal = refusalOf(planOf([replaceStream]), { replace: ['event'] });
    expect(refusal).toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      suggestions: [worded('did you mean: --replace events')],
    });
  });

  it('refuses a lower limit that ends what is stored, until its stream is named', () => {
    expect(refusalOf(planOf([shorten]), { replace: ['events'] })).toMatchObject({
      code: 'LOSS_REFUSED',
      exitCode: 1,
      message: [
        'stream events: with the new max_age this would be lost or left behind:',
        '  5 events exceed the new limit and are removed at once',
        '  up to 2 events of those are not processed yet by audit',
        '  1 dead letter loses its event and can never be delivered',
      ].join('\n'),
      suggestions: [
        worded('to do it: plutomi-events pipeline apply --replace events --allow-loss events'),
        expect.anything(),
      ],
    });
    expect(refusalOf(planOf([shorten]), { allowLoss: ['events'] })).toBeUndefined();
    expect(refusalOf(planOf([{ ...shorten, consequences: [] }]), {})).toBeUndefined();
    expect(refusalOf(planOf([shorten]), { allowLoss: ['event'] })).toMatchObject({
      code: 'USAGE',
      suggestions: [worded('did you mean: --allow-loss events')],
    });
  });

  it('puts all conflicts into one error', () => {
    const conflicts: Conflict[] = [
      { why: 'no-cluster', name: 'events', replicas: 3, message: 'first' },
      { why: 'not-owned', kind: 'stream', name: 'events', message: 'second' },
    ];
    expect(refusalOf(planOf([], conflicts), {})).toMatchObject({
      code: 'NO_CLUSTER',
      exitCode: 1,
      message: 'first\nsecond',
    });
  });
});
