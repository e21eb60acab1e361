import { describe, expect, it } from 'vitest';
import type { DeadLetterFilters } from '../../src/lib/dlq/filters.js';
import { decideGroup } from '../../src/lib/dlq/groups/change-group.js';
import { listGroups } from '../../src/lib/dlq/groups/list-groups.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { parseSelection } from '../../src/lib/domain/selection/parse.js';
import { archive, operatorOf } from '../support/archive.js';
import { bury, consumer } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { containing, worded } from '../support/suggestions.js';

const timeout = makeFailure('timeout', 'TimeoutError', 'no answer within 250 ms');
const refused = makeFailure('error', 'SmtpError', 'connect ECONNREFUSED 10.0.4.17:587');

async function ids(bed: TestBed, filters: DeadLetterFilters | string): Promise<string[]> {
  const { link, config } = bed;
  const { items, total } = await listDeadLetters(
    pipelineOf(link, config),
    typeof filters === 'string' ? { selection: filters } : filters,
  );
  expect(total).toBe(items.length);
  return items.map(({ id }) => id);
}

async function three(bed: TestBed): Promise<{ mail: string; late: string; other: string }> {
  const mail = await bury(bed, {
    failure: refused,
    data: { email: 'a@b.c', items: [{ sku: 'x 1' }], id: 7 },
  });
  const late = await bury(bed, { failure: timeout, data: { email: 'd@e.f', total: 12 }, cycle: 2 });
  const attempts = { main: 1, retry: 0 };
  const about = { type: 'user.created', consumer: 'analytics-consumer' };
  const other = await bury(bed, { ...about, failure: timeout, attempts });
  return { mail: mail.id, late: late.id, other: other.id };
}

describe('a selection', () => {
  it('finds what its terms say', async () => {
    const bed = await testBed();
    const { mail, late, other } = await three(bed);
    const found: [DeadLetterFilters | string, string[]][] = [
      ['', [mail, late, other]],
      [`consumer:${consumer}`, [mail, late]],
      [`consumer:${consumer},analytics-consumer`, [mail, late, other]],
      [`consumer:${consumer} consumer:analytics-consumer`, []],
      [`-consumer:${consumer}`, [other]],
      ['consumer:*-consumer', [mail, late, other]],
      ['econnrefused', [mail]],
      ['"no answer within"', [late, other]],
      ['-ECONNREFUSED', [late, other]],
      [timeout.fingerprint, [late, other]],
      ['kind:timeout cycle:>=1', [late]],
      ['code:econnrefused,550', [mail]],
      ['name:timeout* -subject:events.user.>', [late]],
      ['type:user.created attempts:1', [other]],
      ['attempts:2..6', [mail, late]],
      [`age:<1h group:${refused.fingerprint.slice(0, 6)}`, [mail]],
      [`fingerprint:${timeout.fingerprint}`, [late, other]],
      ['age:>1h', []],
      ['age:<=1h', [mail, late, other]],
      [`dead:${new Date().toISOString().slice(0, 10)} seq:3`, [other]],
      ['original:present expires:>1h seq:1..2', [mail, late]],
      ['expires:<1m', []],
      ['data.email:*@b.c', [mail]],
      ['data.items.sku:"x 1"', [mail]],
      ['data.items.0.sku:*', [mail]],
      ['-data.email:a@b.c', [late, other]],
      ['data.total:>=12', [late]],
      ['data.total:1..12', [late]],
      ['-data.total:1..12', [mail, other]],
      ['data.total:13..20', []],
      ['data.total:"1..12"', []],
      ['data.id:7', [mail]],
      ['-header.X:*', [mail, late, other]],
      [{ selection: parseSelection('kind:timeout'), consumer }, [late]],
      [{ selection: 'kind:timeout', minCycle: 1 }, [late]],
    ];
    for (const [filters, expected] of found) {
      expect([filters, await ids(bed, filters)]).toEqual([filters, expected]);
    }
  });

  it('is counted by the server where that can tell, and has the total beyond the limit', async () => {
    const bed = await testBed();
    await three(bed);
    const pipeline = pipelineOf(bed.link, bed.config);
    for (const [selection, total] of [
      ['age:<1h', 3],
      [`consumer:${consumer}`, 2],
      ['kind:timeout', 2],
      ['data.email:*', 2],
    ] as const) {
      const found = await listDeadLetters(pipeline, { selection }, 1);
      expect([selection, found.total, found.items.length]).toEqual([selection, total, 1]);
    }
  });

  it('selects nothing by an event that is gone, with `-` as little as without, and says so in the plan', async () => {
    const bed = await testBed();
    const { mail, late, other } = await three(bed);
    await bed.link.deleteMessage('events', 2);
    expect(await ids(bed, 'original:missing')).toEqual([late]);
    expect(await ids(bed, 'expires:>0s')).toEqual([mail, other]);
    expect(await ids(bed, '-expires:<1m')).toEqual([mail, other]);
    expect(await ids(bed, '-data.email:a@b.c')).toEqual([other]);
    const plan = await planReplay(pipelineOf(bed.link, bed.config), {
      filters: { selection: '-data.email:nobody -header.a:b', consumer },
    });
    expect(plan).toMatchObject({
      selection: `consumer:${consumer} -data.email:nobody -header.a:b`,
      eventsRead: { keys: ['data.email', 'header.a'], read: 2, gone: 1 },
    });
    expect(plan.items.map(({ id }) => id)).toEqual([mail]);
    const without = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
    expect(Object.keys(without)).not.toContain('eventsRead');
    expect(Object.keys(without)).not.toContain('selection');
  });

  it('reads many events in their batches', async () => {
    const bed = await testBed();
    for (let i = 0; i < 300; i++) await bury(bed, { data: { even: i % 2 === 0 } });
    const { total } = await listDeadLetters(pipelineOf(bed.link, bed.config), {
      selection: 'data.even:true',
    });
    expect(total).toBe(150);
  });

  it('refuses names that nothing has, with the nearest', async () => {
    const bed = await testBed();
    await three(bed);
    const former = await bury(bed, { consumer: 'former-consumer', type: 'former.type' });
    expect(await ids(bed, 'consumer:former-consumer type:former.type')).toEqual([former.id]);
    const wrong: [string, RegExp, string?][] = [
      [
        'consumer:notification-consumer',
        /^consumer:notification-consumer: the config has no consumer/,
        `did you mean: consumer:${consumer}`,
      ],
      // Others that match don't hide it.
      [`consumer:${consumer},nope`, /^consumer:nope: the config has no consumer "nope"/],
      ['-consumer:nope', /^-consumer:nope: the config has no consumer "nope"/],
      [
        `-consumer:analytics-consumer,notification-consumer,former-consumer`,
        /^-consumer:notification-consumer: the config has no consumer/,
        `did you mean: -consumer:analytics-consumer,${consumer},former-consumer`,
      ],
      ['consumer:nope*', /no consumer of the config has such a name/],
      [
        'subject:event.totp.requested',
        /no stream of this pipeline stores/,
        'did you mean: subject:events.totp.requested',
      ],
      [
        'type:user.created,totp.reqeusted',
        /^type:totp.reqeusted: neither the config .* has an event type "totp.reqeusted"/,
        'did you mean: type:user.created,totp.requested',
      ],
      [`-consumer:notification-consumer,${consumer}`, /no consumer/, `did you mean: -consumer:${consumer}`],
      ['-consumer:nope*', /^-consumer:nope\*: no consumer of the config has such a name/],
      [
        '-subject:event.totp.requested,events.user.>',
        /^-subject:event.totp.requested: no stream of this pipeline stores/,
        "did you mean: '-subject:events.totp.requested,events.user.>'",
      ],
      [
        '-type:totp.reqeusted,former.type',
        /^-type:totp.reqeusted: neither the config nor a dead letter has/,
        'did you mean: -type:totp.requested,former.type',
      ],
      ['-type:nope.*', /^-type:nope\.\*: neither the config/],
      [
        'group:ffffff',
        /^group:ffffff: no dead letter is of such a group; the nearest: [0-9a-f]{12}, /,
        'see the groups',
      ],
      ['group:ff*', /^group:ff\*: no dead letter is of such a group/],
      [`fingerprint:${timeout.fingerprint},ffffff`, /^fingerprint:ffffff: no dead letter is of such a group/],
      ['-group:ffffff', /^-group:ffffff: no dead letter is of such a group/, 'see the groups'],
      [
        `-fingerprint:${timeout.fingerprint},ffffff`,
        /^-fingerprint:ffffff: no dead letter is of such a group/,
      ],
    ];
    for (const [selection, message, next] of wrong) {
      await expect(ids(bed, selection)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(message),
        ...(next === undefined
          ? {}
          : { suggestions: [next.startsWith('did') ? worded(next) : containing(next)] }),
      });
      if (!selection.startsWith('-')) continue;
      // Also where no more is read than was asked for.
      const plan = planReplay(pipelineOf(bed.link, bed.config), { filters: { selection }, limit: 1 });
      await expect(plan).rejects.toMatchObject({ exitCode: 2 });
    }
  });

  it('finds nothing of a group whose dead letters have all left', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    // Without any dead letter, none is meant in the place of another.
    expect(await ids(bed, 'group:ffffff')).toEqual([]);
    const { mail, late, other } = await three(bed);
    const [group] = (await listGroups(pipeline, { consumer, selection: 'kind:error' })).groups;
    const id = group?.id ?? '';
    expect(await ids(bed, `group:${id}`)).toEqual([mail]);
    await decideGroup(pipeline, id, { do: 'ack' });
    await bed.link.deleteMessage(bed.config.streams.dlq.name, 1);
    expect(await ids(bed, `group:${id}`)).toEqual([]);
    expect(await ids(bed, `group:${refused.fingerprint.slice(0, 6)}`)).toEqual([]);
    // Only archived ones are left of it.
    await archive(bed, { filters: { selection: `group:${timeout.fingerprint}` } });
    expect(await ids(bed, `group:${timeout.fingerprint}`)).toEqual([]);
    // In the order of their archiving, which may be any of several at once.
    const left = await ids(bed, `status:archived group:${timeout.fingerprint}`);
    expect(left.toSorted()).toEqual([late, other].toSorted());
  });

  it('leaves out what the config does not have, where a dead letter does, also one that is not selected', async () => {
    const bed = await testBed();
    const { mail, late, other } = await three(bed);
    // Without dead letters that it could have been, nothing more is selected than was meant.
    const empty = await testBed();
    expect(await ids(empty, '-group:ffffff')).toEqual([]);
    await expect(ids(empty, '-consumer:nope*')).rejects.toMatchObject({ exitCode: 2 });
    const failure = makeFailure('error', 'Error', 'of its own');
    await bury(bed, { consumer: 'former-consumer', type: 'former.type', failure });
    const known = [mail, late, other];
    for (const [selection, expected] of [
      ['-consumer:former-*', known],
      ['-type:former.type', known],
      ['-type:former.*', known],
      [`-group:${failure.fingerprint.slice(0, 6)}`, known],
      [`-fingerprint:${timeout.fingerprint}*,${failure.fingerprint}`, [mail]],
      [
        `consumer:analytics-consumer -consumer:former-* -type:former.* -group:${failure.fingerprint}`,
        [other],
      ],
    ] as const) {
      expect([selection, await ids(bed, selection)]).toEqual([selection, expected]);
    }
  });

  it('finds the code of a failure, and where it was stored without one, the codes of its message', async () => {
    const bed = await testBed();
    const message = 'ORA-00942: table or view does not exist';
    const own = await bury(bed, { failure: makeFailure('error', 'Error', 'no 550', { code: 'ORA-12541' }) });
    const old = await bury(bed, { failure: makeFailure('error', 'Error', message) });
    for (const [selection, expected] of [
      ['code:ora-12541', [own.id]],
      ['code:ORA-00942', [old.id]],
      ['code:00942', [old.id]],
      ['code:ORA-*', [own.id, old.id]],
      ['code:550', []],
      ['-code:ORA-12541', [old.id]],
    ] as const) {
      expect([selection, await ids(bed, selection)]).toEqual([selection, expected]);
    }
  });

  it('is refused where a condition says nothing, instead of selecting all', async () => {
    const bed = await testBed();
    await three(bed);
    const value = { is: 'text', pattern: [''] } as const;
    const wrong: [DeadLetterFilters, string][] = [
      [{ reason: '' }, 'reason: expected some text of the reason, found ""'],
      [{ reason: ' \n' }, 'reason: expected some text of the reason, found " \\n"'],
      [{ consumer: '' }, 'consumer: expected a name'],
      [{ subject: '' }, 'subject: expected a subject'],
      [{ selection: 'reason:' }, 'reason: expected a value, found nothing'],
      [{ selection: '-name:""' }, 'name: expected a value, found ""'],
      // Of a program that makes its terms itself.
      [{ selection: { terms: [{ key: 'reason', not: false, values: [value] }] } }, 'expected a value'],
      [{ selection: { terms: [{ key: 'code', not: true, values: [value] }] } }, '-code:"": expected a value'],
      [{ selection: { terms: [{ key: 'code', not: true, values: [] }] } }, '-code:: expected a value'],
    ];
    for (const [filters, message] of wrong) {
      const refusal = { exitCode: 2, message: expect.stringContaining(message) };
      await expect(ids(bed, filters)).rejects.toMatchObject(refusal);
      await expect(planReplay(pipelineOf(bed.link, bed.config), { filters })).rejects.toMatchObject(refusal);
    }
  });

  it('is named as a term where the name of a consumer is a pattern, or several', async () => {
    const bed = await testBed();
    for (const [name, meant] of [
      ['mail-*', ["did you mean: 'consumer:mail-*'"]],
      ['mail-consumer,analytics-consumer', ['did you mean: consumer:mail-consumer,analytics-consumer']],
      ['mail consumer', []],
      ['', []],
    ] as const) {
      await expect(ids(bed, { consumer: name })).rejects.toMatchObject({
        message: `consumer: expected a name, found "${name}"`,
        suggestions: meant,
      });
    }
  });

  it('is refused before anything is read where it has no form', async () => {
    const bed = await testBed();
    await expect(ids(bed, 'age:>soon')).rejects.toMatchObject({
      exitCode: 2,
      at: 5,
      message: expect.stringMatching(/^age:>soon, at character 6: age: expected a comparison/),
    });
    await expect(ids(bed, { sinceMs: Number.NaN })).rejects.toMatchObject({ exitCode: 2 });
  });
});
