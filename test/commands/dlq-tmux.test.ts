import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly bed: TestBed;
  readonly terminal: (...words: string[]) => Promise<Terminal>;
}

async function desk(deadLetters: number, columns?: number): Promise<Desk> {
  const bed = await testBed();
  for (let i = 0; i < deadLetters; i++) await bury(bed);
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const { folder } = await makeProject(bed.server.url, config, files);
  return {
    bed,
    terminal: (...words) =>
      openTerminal([process.execPath, bin, ...words], {
        cwd: folder,
        env: { NATS_URL: bed.server.url },
        ...(columns === undefined ? {} : { columns }),
      }),
  };
}

const dead = (bed: TestBed): Promise<boolean[]> =>
  Promise.all([1, 2, 3].map(async (seq) => (await bed.dead(consumer, seq)) !== undefined));

describe('dlq replay in a terminal', () => {
  it('lets one choose, shows the plan, asks, and replays those that were chosen', async () => {
    const { bed, terminal } = await desk(3);
    await using pane = await terminal('dlq', 'replay');
    await pane.waitFor(/Which dead letters\? \(3\)/);
    expect(await pane.text()).toContain(`${consumer}/2`);
    await pane.press('Space', 'Down', 'Down', 'Space', 'Enter');
    const plan = await pane.waitFor(/Replay these 2 dead letters on 127\.0\.0\.1:\d+\?/);
    expect(plan).toMatch(/server +127\.0\.0\.1:\d+/);
    // Not all the names of what was chosen: a hundred would push the plan away.
    expect(plan).toContain('Which dead letters? (3) 2 chosen');
    expect(plan).toMatch(/pipeline +test/);
    expect(plan).toMatch(/reasons +2 × SmtpError: connection refused for user 3/);
    expect(plan).toContain('none missing');
    await pane.press('y', 'Enter');
    expect(await pane.exitCode()).toBe(0);
    const result = await pane.text();
    expect(result).toContain('2 of 2 replayed');
    expect(result).not.toContain('INFO');
    expect(await dead(bed)).toEqual([false, true, false]);
  });

  it('lets one choose groups first where there are many, then all of them or some', async () => {
    const { bed, terminal } = await desk(0, 80);
    const refused = makeFailure('error', 'Error', 'connect ECONNREFUSED 10.0.4.17:587');
    for (let i = 0; i < 100; i++) await bury(bed, { failure: refused });
    for (let i = 0; i < 5; i++)
      await bury(bed, { failure: makeFailure('rejected', 'SmtpError', '550 mailbox unavailable') });
    await using pane = await terminal('dlq', 'replay');
    const groups = await pane.waitFor(/Which groups of the 105 dead letters\? \(2\)/);
    expect(groups).toMatch(/100 × \[new\] notifications-consumer {2}Error: connect econnrefused/);
    expect(groups).toMatch(/5 × \[new\] notifications-consumer {2}SmtpError: 550/);
    for (const line of groups.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    await pane.press('Space', 'Enter');
    expect(await pane.waitFor('choose among them')).toMatch(/100 selected\n.*all 100/);
    await pane.press('Enter');
    const plan = await pane.waitFor(/Replay these 100 dead letters on/);
    expect(plan).toMatch(/100 selected all 100/);
    expect(plan).toMatch(/selection +group:[0-9a-f]{12}/);
    await pane.press('n', 'Enter');
    expect(await pane.exitCode()).toBe(1);

    await using some = await terminal('dlq', 'archive', '--reason', 'why');
    await some.waitFor(/Which groups of the 105/);
    await some.press('Down', 'Space', 'Enter');
    await some.waitFor('5 selected');
    await some.press('Down', 'Enter');
    await some.waitFor(/Which dead letters\? \(5\)/);
    await some.press('Space', 'Enter');
    await some.waitFor(/Archive this dead letter/);
    await some.press('y', 'Enter');
    expect(await some.exitCode()).toBe(0);
    expect(await some.text()).toContain('1 of 1 archived');

    await using none = await terminal('dlq', 'replay');
    await none.waitFor(/Which groups/);
    await none.press('Enter');
    expect(await none.exitCode()).toBe(1);
    expect(await none.text()).toContain('nothing was replayed: none was chosen');
  });

  it('is careful in front of a person, and shows how far it is', async () => {
    const { bed, terminal } = await desk(3);
    await using careful = await terminal('dlq', 'replay', '--all');
    expect(await careful.waitFor('Replay these 3 dead letters')).toMatch(/rate +at most 500\/s/);
    await careful.press('n', 'Enter');
    expect(await careful.exitCode()).toBe(1);
    await using slow = await terminal('dlq', 'replay', '--all', '--yes', '--rate', '1/s');
    await slow.waitFor(/[12] of 3 done, [\d.]+\/s, \S+ left/);
    expect(await slow.exitCode()).toBe(0);
    const result = await slow.text();
    expect(result).toContain('3 of 3 replayed');
    expect(result).not.toContain('left');
    expect(await dead(bed)).toEqual([false, false, false]);
  });

  it('replays nothing and exits 1 when the answer is no, or none is chosen', async () => {
    const { bed, terminal } = await desk(3);
    await using no = await terminal('dlq', 'replay', '--all');
    await no.waitFor('Replay these 3 dead letters');
    await no.press('n', 'Enter');
    expect(await no.exitCode()).toBe(1);
    expect(await no.text()).toContain('nothing was replayed: the answer was no');
    await using none = await terminal('dlq', 'replay');
    await none.waitFor('Which dead letters?');
    await none.press('Enter');
    expect(await none.exitCode()).toBe(1);
    expect(await none.text()).toContain('nothing was replayed: none was chosen');
    expect(await dead(bed)).toEqual([true, true, true]);
  });

  it('exits 130 on Ctrl-C at the list and at the question, and replays nothing', async () => {
    const { bed, terminal } = await desk(3);
    for (const [words, shows] of [
      [[], 'Which dead letters?'],
      [['--all'], 'Replay these 3 dead letters'],
    ] as const) {
      await using pane = await terminal('dlq', 'replay', ...words);
      await pane.waitFor(shows);
      await pane.press('C-c');
      expect(await pane.exitCode()).toBe(130);
    }
    expect(await dead(bed)).toEqual([true, true, true]);
  });

  it('stops waiting on Ctrl-C, says what was done, and exits 130', async () => {
    const { bed, terminal } = await desk(1);
    await using pane = await terminal('dlq', 'replay', '--all', '--yes', '--wait');
    await pane.waitFor('waiting for the outcome of 1');
    expect(await pane.text()).toContain('is pipeline run running?');
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    expect(await pane.text()).toContain('Interrupted: 1 of 1 replayed, 0 resolved, 1 still pending');
    expect(await bed.parked(consumer, 1)).toMatchObject({ cycle: 1 });
  });

  it('has nothing to choose from when the DLQ is empty', async () => {
    const { terminal } = await desk(0);
    await using pane = await terminal('dlq', 'replay');
    expect(await pane.exitCode()).toBe(0);
    expect(await pane.text()).toContain('no dead letters to replay');
  });
});

describe('dlq list and advisories tail in a terminal', () => {
  it('fit its width, in colour', async () => {
    const { bed, terminal } = await desk(2);
    await bed.link.deleteMessage('events', 2);
    await using pane = await terminal('dlq', 'list');
    expect(await pane.exitCode()).toBe(0);
    const text = await pane.text();
    expect(text).toMatch(/ID +DIED +TRIES +ORIGINAL +SUBJECT +REASON/);
    expect(text).toMatch(/\/1 .* 3\+3 +expires in 7d +events\.totp\.requested +SmtpError/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    expect(await pane.colored()).toContain('\u001b[31mmissing');
  });

  it('tail ends with 130 on Ctrl-C, without an error', async () => {
    const { terminal } = await desk(0);
    await using pane = await terminal('advisories', 'tail');
    await pane.waitFor('following');
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    expect(await pane.text()).not.toContain('Error');
  });
});
