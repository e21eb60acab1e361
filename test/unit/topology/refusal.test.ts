import { describe, expect, it } from 'vitest';
import type { Conflict } from '../../../src/lib/topology/conflicts.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import type { Plan, PlannedChange } from '../../../src/lib/topology/plan.js';
import { refusalOf } from '../../../src/lib/topology/refusal.js';
import { makeConfig } from '../../support/config.js';

const storage = [{ path: 'storage', from: 'file', to: 'memory' }];
const replaceStream: PlannedChange = {
  action: 'replace',
  kind: 'stream',
  name: 'events',
  fields: storage,
  consequences: [{ what: 'lost', role: 'events', count: 12 }],
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
    const refusal = refusalOf(planOf([replaceStream]), []);
    expect(refusal).toMatchObject({ code: 'REPLACE_REFUSED', exitCode: 1 });
    expect(refusal?.message).toContain('stream events: storage can');
    expect(refusal?.message).toContain('12 events are lost');
    expect(refusal?.suggestions[0]).toContain('plutomi-events pipeline apply --replace events');
  });

  it('names in the command all that must be named', () => {
    const refusal = refusalOf(planOf([replaceStream, { ...replaceConsumer, stream: 'events-dlq' }]), [
      'events',
    ]);
    expect(refusal?.message).not.toContain('stream events:');
    expect(refusal?.suggestions[0]).toContain('--replace events --replace audit');
  });

  it('lets a stream take its consumers along', () => {
    expect(refusalOf(planOf([replaceStream, replaceConsumer]), ['events'])).toBeUndefined();
    expect(refusalOf(planOf([replaceStream, replaceConsumer]), [])?.message).not.toContain('consumer audit');
  });

  it.each(['audit', 'events/audit'])('takes %s for the name of a consumer', (name) => {
    expect(refusalOf(planOf([replaceConsumer]), [name])).toBeUndefined();
  });

  it('is silent about a name that needs no replacement', () => {
    const change: PlannedChange = { ...replaceStream, action: 'none', fields: [] };
    expect(refusalOf(planOf([change]), ['events'])).toBeUndefined();
  });

  it('refuses a name that the pipeline does not have, as wrong usage', () => {
    const refusal = refusalOf(planOf([replaceStream]), ['event']);
    expect(refusal).toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      suggestions: ['did you mean: --replace events'],
    });
  });

  it('puts all conflicts into one error', () => {
    const conflicts: Conflict[] = [
      { why: 'no-cluster', name: 'events', replicas: 3, message: 'first' },
      { why: 'not-owned', kind: 'stream', name: 'events', message: 'second' },
    ];
    expect(refusalOf(planOf([], conflicts), [])).toMatchObject({
      code: 'NO_CLUSTER',
      exitCode: 1,
      message: 'first\nsecond',
    });
  });
});
