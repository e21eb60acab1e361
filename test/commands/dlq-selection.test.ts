import { describe, expect, it } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { renderTime } from '../../src/lib/render/time.js';
import { bury, consumer } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { type Ended, makeProject } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'totp.requested': {}, 'user.created': {} },
  consumers: {
    [consumer]: { events: ['totp.requested'], handler: './handler.mjs' },
    'analytics-consumer': { events: ['user.created'], handler: './handler.mjs' },
  },
};

interface Desk {
  readonly bed: TestBed;
  readonly dlq: (...words: string[]) => Promise<Ended>;
  /** The ids that `dlq list` finds for these words. */
  readonly ids: (...words: string[]) => Promise<string[]>;
}

async function desk(): Promise<Desk> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const project = await makeProject(bed.server.url, config, files);
  const dlq = (...words: string[]): Promise<Ended> => project.cli(['dlq', ...words]);
  const ids = async (...words: string[]): Promise<string[]> => {
    const { exitCode, stdout } = await dlq('list', '--json', ...words);
    expect([words, exitCode]).toEqual([words, 0]);
    const { items } = readJson('dlq list', stdout) as { items: { id: string }[] };
    return items.map(({ id }) => id);
  };
  return { bed, dlq, ids };
}

const timeout = makeFailure('timeout', 'TimeoutError', 'no answer within 250 ms');
const refused = makeFailure('error', 'SmtpError', 'connect ECONNREFUSED 10.0.4.17:587');

async function twoCauses({ bed }: Desk): Promise<{ mail: string; late: string; other: string }> {
  const mail = await bury(bed, { failure: refused, data: { email: 'a@b.c', items: [{ sku: 'x 1' }] } });
  const late = await bury(bed, { failure: timeout, data: { email: 'd@e.f', total: 12 }, cycle: 2 });
  const other = await bury(bed, {
    type: 'user.created',
    consumer: 'analytics-consumer',
    failure: timeout,
    attempts: { main: 1, retry: 0 },
  });
  return { mail: mail.id, late: late.id, other: other.id };
}

describe('dlq list with a selection', () => {
  it('lists what its terms say, together with the flags', async () => {
    const one = await desk();
    const { mail, late, other } = await twoCauses(one);
    const shown = (ms: number): string => `${renderTime(new Date(ms).toISOString())} UTC`;
    const today = new Date().toISOString().slice(0, 10);
    const dayBefore = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const found: [string[], string[]][] = [
      [['-reason:ECONNREFUSED', '--consumer', consumer], [late]],
      [
        ['--since', '1h', '--', '-ECONNREFUSED', 'no answer'],
        [late, other],
      ],
      [['data.items.sku:x 1', 'age:<1h'], [mail]],
      // A date is its whole day, and times are taken as they are shown.
      [
        ['--since', dayBefore, '--until', today],
        [mail, late, other],
      ],
      [['--until', dayBefore], []],
      [
        ['--since', shown(Date.now() - 60_000), `dead:<=${shown(Date.now())}`],
        [mail, late, other],
      ],
    ];
    for (const [words, expected] of found)
      expect([words, await one.ids(...words)]).toEqual([words, expected]);
    const grouped = await one.dlq('list', '-kind:error', '--group-by', 'consumer', '--json');
    expect(readJson('dlq list --group-by', grouped.stdout)).toMatchObject({ total: 2 });
  });

  it('says that it reads events where it has to', async () => {
    const one = await desk();
    const { mail } = await twoCauses(one);
    const asked = await one.dlq('list', 'data.email:a*', 'header.X:*,y', '--output', 'ndjson');
    expect(asked.stderr).toContain('reading the events, for data.email, header.X');
    expect((await one.dlq('list', mail.split('/')[0] ?? '')).stderr).not.toContain('reading');
  });

  it('leaves flags what is theirs', async () => {
    const one = await desk();
    const { mail } = await twoCauses(one);
    const { port } = new URL(one.bed.server.url);
    // A short flag with its value, and a value that looks like a term.
    const short = await one.dlq('list', `-snats://127.0.0.1:${port}`, 'ECONNREFUSED', '--json');
    expect(readJson('dlq list', short.stdout)).toMatchObject({ items: [{ id: mail }] });
    const noted = await one.dlq('replay', mail, '--note', 'code:1 is gone', '--yes', '--json');
    expect(noted.exitCode).toBe(0);
  });

  it.each([[[]], [['--json']]])('exits 2 and names the place of a mistake %j', async (mode) => {
    const { dlq } = await desk();
    const wrong: [string[], string, string][] = [
      [['-conusmer:x'], '-conusmer:x, at character 2: unknown key', 'did you mean: -consumer:x'],
      [['age:'], 'age:, at character 4: age: expected', "needs quotes in a shell: 'age:>1h'"],
      [['-consumer:nope'], 'the config has no consumer "nope"', ''],
      [['--consumer', 'nope', 'timeout'], '--consumer: the config has no consumer "nope"', ''],
      [
        ['-consumer:analytics-consumer,notification-consumer'],
        '-consumer:notification-consumer: the config has no consumer',
        `did you mean: -consumer:analytics-consumer,${consumer}`,
      ],
    ];
    // The sentences are the same in both modes.
    for (const [words, message, next] of mode.length > 0 ? wrong.slice(0, 2) : wrong) {
      const { exitCode, stdout, stderr } = await dlq('list', ...words, ...mode);
      expect([words, exitCode]).toEqual([words, 2]);
      const said =
        mode.length > 0 ? JSON.stringify(readJson('error', stdout)).replaceAll('\\"', '"') : stderr;
      expect(said).toContain(message);
      expect(said).toContain(next);
    }
  });
});

describe('dlq replay and dlq discard with a selection', () => {
  it('exit 2 where a condition is empty, or a flag has no value', async () => {
    const one = await desk();
    const { mail, late, other } = await twoCauses(one);
    const discard = ['discard', '--reason', 'test', '--yes'];
    const wrong: [string[], string][] = [
      [['list', '--reason', ''], '--reason: expected some text of the reason, found ""'],
      [['replay', '--reason', '  ', '--yes'], '--reason: expected some text of the reason, found "  "'],
      [['replay', '--reason=', '--yes'], '--reason: expected some text of the reason, found ""'],
      [[...discard, '--died-of', ''], '--died-of: expected some text of the reason, found ""'],
      [[...discard, '--died-of', '\t'], '--died-of: expected some text of the reason, found "\\t"'],
      [[...discard, '--consumer', ''], 'consumer: expected a name'],
      [['replay', 'reason:', '--yes'], 'reason: expected a value, found nothing'],
      [['replay', ' ', '--yes'], 'reason: expected a value, found nothing'],
      [['replay', '-code:""', '--yes'], 'code: expected a value, found ""'],
      [
        ['replay', '-group:ffffff', '--limit', '1', '--yes'],
        '-group:ffffff: no dead letter is of such a group',
      ],
      [['replay', '--consumer', '-reason:x', '--yes'], '--consumer needs a value: <name>, '],
      [['replay', '-reason:x', '--yes', '--consumer'], '--consumer needs a value: <name>, '],
      [['replay', '--yes', '--consumer', '--', '-reason:x'], '--consumer needs a value: <name>, '],
      [['replay', 'no', 'answer', '--wait', '60s', '--yes'], '--wait takes no value, found "60s" behind it'],
      [['edit', 'answer', '--wait', '250ms', '--set', 'a=1', '--reason', 'x', '-y'], '--wait takes no value'],
      [[...discard, 'answer', '-y', 'no'], '--yes takes no value, found "no" behind it'],
      [['groups', '--watch', '5s'], '--watch takes no value'],
    ];
    for (const [words, message] of wrong) {
      const { exitCode, stderr } = await one.dlq(...words);
      expect([words, exitCode, stderr]).toEqual([words, 2, expect.stringContaining(message)]);
    }
    const lost = await one.dlq('list', '--consumer', '-reason:x');
    expect(lost.stderr).toContain('found the term "-reason:x"');
    expect(lost.stderr).toContain('if it is the value: --consumer=-reason:x');
    const waited = await one.dlq('replay', 'answer', '--wait', '60s', '--yes');
    expect(waited.stderr).toContain('did you mean: --wait --wait-timeout 60s');
    expect(await one.ids()).toEqual([mail, late, other]);
  });

  it('replay what it says, and show how it was understood', async () => {
    const one = await desk();
    const { mail, late } = await twoCauses(one);
    const plan = await one.dlq('replay', `group:${refused.fingerprint}`, '-kind:timeout', '--dry-run');
    expect(plan.stdout).toContain(`selection  group:${refused.fingerprint} -kind:timeout`);
    expect(plan.stdout).toMatch(/replay +1 of 1 selected/);
    const byData = await one.dlq('replay', 'data.email:*', '--dry-run');
    expect(byData.stdout).toMatch(/read +3 events, for data\.email\n|read +3 events, for data\.email$/);
    const asJson = await one.dlq('replay', 'data.email:a@b.c', '--dry-run', '--json');
    expect(readJson('dlq replay', asJson.stdout)).toMatchObject({
      selected: 1,
      plan: {
        selection: 'data.email:a@b.c',
        eventsRead: { keys: ['data.email'], read: 3, gone: 0 },
        consumers: [{ name: consumer, count: 1 }],
      },
    });
    const done = await one.dlq('replay', 'ECONNREFUSED', '--yes', '--json');
    expect(readJson('dlq replay', done.stdout)).toMatchObject({ replayed: 1 });
    expect(await one.ids('--consumer', consumer)).toEqual([late]);
    expect(mail).not.toBe(late);
  });

  it('selects nothing by events that are gone, with `-` as little as without', async () => {
    const one = await desk();
    const { mail, late, other } = await twoCauses(one);
    await one.bed.link.deleteMessage('events', Number(late.split('/')[1]));
    expect(await one.ids('original:missing')).toEqual([late]);
    expect(await one.ids('-data.email:a@b.c')).toEqual([other]);
    const plan = await one.dlq('discard', '-data.email:nobody', '--reason', 'test', '--dry-run');
    expect(plan.stdout).toContain('3 events, for data.email; 1 of them gone, and so not selected');
    expect(plan.stdout).toMatch(/discard +2 of 2 selected/);
    expect(mail).not.toBe('');
  });

  it('takes ids or terms', async () => {
    const one = await desk();
    const { mail, late } = await twoCauses(one);
    const both = await one.dlq('replay', mail, 'kind:timeout', '--yes');
    expect([both.exitCode, both.stderr]).toEqual([
      2,
      expect.stringContaining('ids and terms: give only one of them'),
    ]);
    const all = await one.dlq('replay', 'kind:timeout', '--all', '--yes');
    expect([all.exitCode, all.stderr]).toEqual([2, expect.stringContaining('combined with filters')]);
    const ids = await one.dlq('discard', mail, '--reason', 'test', '--yes', '--json');
    expect(readJson('dlq discard', ids.stdout)).toMatchObject({ discarded: 1 });
    const term = await one.dlq(
      'discard',
      'kind:timeout',
      `consumer:${consumer}`,
      '--reason',
      'test',
      '--yes',
      '--json',
    );
    expect(readJson('dlq discard', term.stdout)).toMatchObject({ selected: 1, discarded: 1 });
    expect(late).not.toBe(mail);
    expect(await one.ids()).toHaveLength(1);
  });
});
