import { describe, expect, it } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { type Ended, makeProject } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly bed: TestBed;
  readonly dlq: (...words: string[]) => Promise<Ended>;
}

async function desk(): Promise<Desk> {
  const bed = await testBed();
  const project = await makeProject(bed.server.url, config, { 'handler.mjs': 'export default () => {};\n' });
  return { bed, dlq: (...words) => project.cli(['dlq', ...words]) };
}

const left = async (bed: TestBed): Promise<number> =>
  (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;

const why = ['--reason', 'later'];

describe('dlq archive', () => {
  it('shows its plan and changes nothing with --dry-run, or without --yes', async () => {
    const { bed, dlq } = await desk();
    const { id } = await bury(bed);
    const dry = await dlq('archive', id, ...why, '--dry-run', '--json');
    expect(dry.exitCode).toBe(0);
    expect(readJson('dlq archive', dry.stdout)).toMatchObject({
      task: null,
      selected: 1,
      archived: 0,
      plan: { archivable: 1, missing: 0 },
    });
    const shown = await dlq('archive', id, ...why, '--dry-run');
    expect(shown.stdout).toContain('archive    1 of 1 selected');
    const unasked = await dlq('archive', id, ...why);
    expect([unasked.exitCode, unasked.stdout]).toEqual([2, '']);
    expect(unasked.stderr).toContain('--yes');
    expect(await left(bed)).toBe(1);
    expect(await bed.journal('ARCHIVED')).toEqual([]);
  });

  it.each([
    ['no reason', ['x/1', '--yes'], '--reason'],
    ['an empty reason', ['x/1', '--reason', ' ', '--yes'], 'expected why they are archived'],
    ['nothing selected', [...why, '--yes'], 'dlq archive --all --dry-run'],
    ['ids and filters', ['x/1', '--consumer', consumer, ...why], 'give only one of them'],
    ['--all and filters', ['--all', '--since', '1h', ...why], "can't be combined"],
  ])('is refused with %s', async (_what, words, said) => {
    const { dlq } = await desk();
    const refused = await dlq('archive', ...words);
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain(said);
  });

  it('archives what is selected, which list, show and restore then have', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    const { id } = await bury(bed);
    await bury(bed, { consumer: 'old-mailer' });
    const two = await dlq('archive', `consumer:${consumer}`, ...why, '--yes', '--json');
    expect([two.exitCode, readJson('dlq archive', two.stdout)]).toEqual([
      0,
      { task: expect.stringMatching(/^archive-/), selected: 2, archived: 2, skipped: [] },
    ]);
    expect(await left(bed)).toBe(1);
    const list = await dlq('list', '--archived', '--json');
    const listed = readJson('dlq list', list.stdout);
    const archived = { status: 'archived', archived: { reason: 'later' } };
    expect(listed).toMatchObject({ total: 2, items: [archived, archived] });
    // In the order in which they were archived, of several at once.
    const items = listed['items'] as { readonly id: string }[];
    expect(items.map((one) => one.id).toSorted()).toEqual([`${consumer}/1`, id]);
    const both = await dlq('list', 'status:*');
    expect(both.stdout).toMatch(/^ID +STATUS +DIED/);
    expect(both.stdout.match(/ archived /g)).toHaveLength(2);
    const show = await dlq('show', id);
    expect(show.stdout).toMatch(/archived +\d{4}-\S+ \S+ UTC by \S+: later/);
    expect(show.stderr).toContain(`put it back: plutomi-events dlq restore ${id}`);
    expect(readJson('dlq show', (await dlq('show', id, '--archived', '--json')).stdout)).toMatchObject({
      id,
    });

    const none = await dlq('restore', '--consumer', 'old-mailer', '--yes');
    expect([none.exitCode, none.stderr]).toEqual([
      0,
      expect.stringContaining('no archived dead letters to restore'),
    ]);
    const dry = await dlq('restore', '--all', '--dry-run', '--json');
    expect(readJson('dlq restore', dry.stdout)).toMatchObject({ restored: 0, plan: { restorable: 2 } });
    const unasked = await dlq('restore', '--all');
    expect([unasked.exitCode, unasked.stdout]).toEqual([2, '']);
    const one = await dlq('restore', id, '--reason', 'now', '--yes', '--json');
    expect([one.exitCode, readJson('dlq restore', one.stdout)]).toEqual([
      0,
      { task: expect.stringMatching(/^restore-/), selected: 1, restored: 1, skipped: [] },
    ]);
    expect(await bed.journal('RESTORED')).toMatchObject([{ record: { note: 'now' } }]);
    const gone = await dlq('restore', id, '--yes');
    expect([gone.exitCode, gone.stderr]).toEqual([1, expect.stringContaining('it is in the DLQ')]);

    const discarded = await dlq('discard', '--archived', '--all', '--reason', 'never', '--yes', '--json');
    expect(readJson('dlq discard', discarded.stdout)).toMatchObject({ selected: 1, discarded: 1 });
    expect(await left(bed)).toBe(2);
    const empty = await dlq('list', '--archived');
    expect([empty.stdout, empty.stderr]).toEqual(['', expect.stringContaining('no archived dead letters')]);
  });

  it('says of a pipeline that was applied before what to run', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    await bed.link.jsm.streams.delete('events-operations');
    for (const words of [
      ['archive', '--all', ...why],
      ['restore', '--all'],
    ]) {
      const refused = await dlq(...words, '--yes');
      expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toContain('plutomi-events pipeline apply');
    }
    expect((await dlq('list', '--archived')).exitCode).toBe(0);
  });
});
