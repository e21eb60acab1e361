import { describe, expect, it } from 'vitest';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { readOperations } from '../../src/lib/report/operations-log.js';
import { readStatus } from '../../src/lib/status/read-status.js';
import { pauseConsumer, readPause, resumeConsumer } from '../../src/lib/topology/pause.js';
import { consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed, untilCounted } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const operator = (bed: TestBed) =>
  pipelineOf(bed.link, bed.config, { identity: { worker: 'test:1:pause', operator: 'ada@test' } });
const hourMs = 3_600_000;
const canPause = (bed: TestBed): boolean => versionAtLeast(bed.link.serverVersion, '2.11.0');

describe('a pause', () => {
  it('holds up a consumer that runs, in both stages, and the others go on; resumed, nothing is missing', async ({
    skip,
  }) => {
    const bed = await testBed({ consumers: [{ name: consumer }, { name: 'other' }] });
    skip(!canPause(bed), 'this server can not pause');
    const [seen, seenByOther]: [number[], number[]] = [[], []];
    await bed.run({
      [consumer]: ({ seq }) => void seen.push(seq),
      other: ({ seq }) => void seenByOther.push(seq),
    });
    const until = Date.now() + hourMs;
    const paused = await pauseConsumer(operator(bed), consumer, until, { reason: 'mail is down' });
    const iso = new Date(until).toISOString();
    expect(paused.stages).toMatchObject([
      { stage: 'main', consumer, stream: 'events', paused: true, until: iso },
      { stage: 'retry', consumer: `${consumer}-retry`, stream: 'events-retry', paused: true, until: iso },
    ]);
    for (let i = 0; i < 3; i++) await bed.publish('totp.requested');
    await eventually('the other one has them', () => seenByOther.length === 3);
    await untilCounted(bed.link, consumer);
    expect(seen).toEqual([]);
    const { consumers } = await readStatus(operator(bed));
    expect(consumers.find(({ name, stage }) => name === consumer && stage === 'main')).toMatchObject({
      paused: true,
      pending: 3,
      problem: `paused until ${iso}`,
    });
    const { stages } = await resumeConsumer(operator(bed), consumer, { reason: 'mail is back' });
    expect(stages.map(({ paused: is, until: end }) => [is, end])).toEqual([
      [false, null],
      [false, null],
    ]);
    await eventually('it goes on', () => seen.length === 3, 20_000);
    const { operations } = await readOperations(operator(bed), {});
    expect(operations.map(({ did, operator: who, note }) => [did, who, note])).toEqual(
      expect.arrayContaining([
        ['paused', 'ada@test', `until ${iso}: mail is down`],
        ['resumed', 'ada@test', 'mail is back'],
      ]),
    );
    expect(operations.find(({ did }) => did === 'paused')?.consumers).toMatchObject([{ name: consumer }]);
  });

  it('is not for consumers that route: no other is suggested in their place', async () => {
    const bed = await testBed({ consumers: [{ name: consumer }, { name: 'mail-consumer' }] });
    for (const name of ['meta-consumer', 'meta-consumer-retry'])
      for (const call of [
        () => pauseConsumer(operator(bed), name, Date.now() + hourMs),
        () => resumeConsumer(operator(bed), name),
      ])
        await expect(call()).rejects.toMatchObject({
          message: `${name} routes, and has no handler: consumers that route can't be paused`,
          exitCode: 2,
          suggestions: [],
        });
  });

  it('can get another end; without one nothing is done, and nothing is logged', async ({ skip }) => {
    const bed = await testBed();
    skip(!canPause(bed), 'this server can not pause');
    await resumeConsumer(operator(bed), consumer);
    expect((await readOperations(operator(bed), {})).operations).toEqual([]);
    for (const until of [Date.now() + hourMs, Date.now() + 2 * hourMs]) {
      const { stages } = await pauseConsumer(operator(bed), consumer, until);
      expect(stages[0]?.until).toBe(new Date(until).toISOString());
    }
  });

  it('of a consumer that the config lacks, or the server, is refused', async ({ skip }) => {
    const bed = await testBed();
    skip(!canPause(bed), 'this server can not pause');
    await expect(readPause(operator(bed), 'notification-consumer')).rejects.toMatchObject({
      exitCode: 2,
      message: `the config has no consumer "notification-consumer"; it has ${consumer}`,
      suggestions: [`did you mean: ${consumer}`],
    });
    await expect(readPause(operator(bed), 'meta-consumer')).rejects.toMatchObject({ exitCode: 2 });
    await bed.link.jsm.consumers.delete('events-retry', `${consumer}-retry`);
    await expect(pauseConsumer(operator(bed), consumer, Date.now() + hourMs)).rejects.toMatchObject({
      code: 'NOT_APPLIED',
    });
    expect((await readOperations(operator(bed), {})).operations).toEqual([]);
  });

  it('is refused by servers that can not', async () => {
    const bed = await testBed();
    const link = Object.create(bed.link, { serverVersion: { value: '2.10.27' } }) as TestBed['link'];
    await expect(readPause(pipelineOf(link, bed.config), consumer)).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      exitCode: 4,
    });
  });
});
