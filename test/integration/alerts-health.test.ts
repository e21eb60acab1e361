import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertSettings } from '../../src/lib/config/resolved.js';
import type { Alert } from '../../src/lib/domain/alert.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { HttpClient } from '../../src/lib/http/client.js';
import type { WaterfallEvent, WaterfallEventOf } from '../../src/lib/observe/waterfall-event.js';
import { AlertDesk } from '../../src/lib/waterfall/alerts/desk.js';
import { alertHook } from '../support/alert-hook.js';
import { consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const none = { newGroup: false, groupBack: false };
let workers = 0;

/** What one of several processes logs; it looks often. */
function deskOf(
  bed: TestBed,
  alerts: Partial<AlertSettings>,
  calm = 300,
): { readonly alerts: () => Alert[]; readonly stop: () => Promise<void> } {
  const events: WaterfallEvent[] = [];
  const http = new HttpClient({});
  const settings: AlertSettings = { ...none, ...alerts };
  workers += 1;
  const { webhook } = settings;
  const desk = new AlertDesk({
    pipeline: pipelineOf(
      bed.link,
      { ...bed.config, alerts: settings },
      { identity: { worker: `test:${workers}:health`, operator: 'ada@test' }, clock: systemClock },
    ),
    targets: { keys: [], ...(webhook === undefined ? {} : { webhook }) },
    http,
    emit: (event) => void events.push(event),
    everyMs: 50,
    rest: 0,
    calm,
  });
  onTestFinished(async () => {
    await desk.stop();
    await http.close();
  });
  const told = (event: WaterfallEvent): event is WaterfallEventOf<'alert'> => event.type === 'alert';
  return { alerts: () => events.filter(told).map(({ alert }) => alert), stop: () => desk.stop() };
}

const publish = (bed: TestBed, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => bed.publish('totp.requested')));

const inShort = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ condition, level, about, state, value }) =>
    [condition, level, about, state, condition === 'nobodyRuns' ? '' : value].join(' ').trim(),
  );

describe('lag', () => {
  it('is told above its limit and not at it, above the critical one once more, and when it is over', async () => {
    const bed = await testBed();
    const { alerts } = deskOf(bed, { lag: { degraded: 3, critical: 5 } });
    await publish(bed, 3);
    await sleep(300);
    expect(alerts()).toEqual([]);
    await publish(bed, 1);
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({
      text: `4 messages waiting for ${consumer}, more than 3`,
      threshold: 3,
      group: null,
    });
    await publish(bed, 1);
    await sleep(300);
    expect(alerts()).toHaveLength(1);
    await publish(bed, 1);
    await eventually('it is critical', () => alerts().length === 2);
    await bed.run({ [consumer]: () => {} });
    await eventually('both are over', () => alerts().length === 4);
    expect(inShort(alerts()).toSorted()).toEqual(
      [
        `lag degraded ${consumer} firing 4`,
        `lag critical ${consumer} firing 6`,
        `lag degraded ${consumer} resolved 0`,
        `lag critical ${consumer} resolved 0`,
      ].toSorted(),
    );
  });

  it('is told once by one of several processes, also to the webhook', async () => {
    const bed = await testBed();
    const hook = await alertHook(() => 204);
    const desks = [1, 2, 3].map(() => deskOf(bed, { lag: { degraded: 1, critical: 1 }, webhook: hook.url }));
    await publish(bed, 2);
    await eventually('it is told', () => hook.taken().length === 1);
    await sleep(500);
    expect(inShort(desks.flatMap(({ alerts }) => alerts()))).toEqual([`lag critical ${consumer} firing 2`]);
    expect(hook.taken()).toMatchObject([{ condition: 'lag', about: consumer, level: 'critical', value: 2 }]);
  });
});

describe('processes with other limits of the same pipeline, as during a deploy', () => {
  const low = { lag: { degraded: 1, critical: 1 } };
  const high = { lag: { degraded: 10, critical: 10 } };
  const calm = 1500;

  it.each([
    ['that is raised', low, high],
    ['that is lowered', high, low],
  ])('tell once of a limit %s', async (_, before, after) => {
    const bed = await testBed();
    const desks = [deskOf(bed, before, calm), deskOf(bed, after, calm)];
    const told = (): string[] => inShort(desks.flatMap(({ alerts }) => alerts()));
    await publish(bed, 5);
    await eventually('it fires', () => told().length === 1);
    // Long enough for the higher limit to have been calm.
    await sleep(2 * calm);
    expect(told()).toEqual([`lag critical ${consumer} firing 5`]);
    await bed.run({ [consumer]: () => {} });
    await eventually('it is over', () => told().length === 2);
    expect(told()).toContain(`lag critical ${consumer} resolved 0`);
  });

  it('say that it is over by the higher limit when the one with the lower limit has ended', async () => {
    const bed = await testBed();
    const [old, young] = [deskOf(bed, low, calm), deskOf(bed, high, calm)];
    await publish(bed, 5);
    await eventually('it fires', () => old.alerts().length === 1);
    await old.stop();
    await eventually('it is over', () => young.alerts().length === 1);
    expect(young.alerts()).toMatchObject([{ state: 'resolved', value: 5, threshold: 10 }]);
    expect(old.alerts()).toMatchObject([{ state: 'firing', value: 5, threshold: 1 }]);
  });

  it('begin to tell by a limit that is lower than what is there', async () => {
    const bed = await testBed();
    const old = deskOf(bed, high);
    await publish(bed, 5);
    await sleep(500);
    const young = deskOf(bed, low);
    await eventually('it fires', () => young.alerts().length === 1);
    await old.stop();
    expect(old.alerts()).toEqual([]);
  });
});

describe('storage', () => {
  it('is told above its limit and not at it, of the stream that it is about', async () => {
    const bed = await testBed({ streams: { events: { maxMsgs: 10 } } });
    const { alerts } = deskOf(bed, { storage: { degraded: 80, critical: 95 } });
    await publish(bed, 8);
    await sleep(300);
    expect(alerts()).toEqual([]);
    await publish(bed, 1);
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({
      condition: 'storage',
      about: 'events',
      level: 'degraded',
      value: 90,
      text: 'events uses 90 % of its limit, more than 80 %',
    });
    await publish(bed, 1);
    await eventually('it is critical', () => alerts().length === 2);
    for (const seq of [1, 2, 3]) await bed.link.deleteMessage('events', seq);
    await eventually('both are over', () => alerts().length === 4);
    expect(alerts().slice(2)).toMatchObject([{ state: 'resolved' }, { state: 'resolved' }]);
  });
});

describe('nobody runs', () => {
  it('goes on where a process that has just started has not seen it for as long', async () => {
    const bed = await testBed();
    const calm = 1500;
    const first = deskOf(bed, { nobodyRunsMs: 1000 }, calm);
    await publish(bed, 1);
    await eventually('it fires', () => first.alerts().length === 1);
    // It has seen it for no time.
    const second = deskOf(bed, { nobodyRunsMs: 60_000 }, calm);
    await sleep(2 * calm);
    expect([...first.alerts(), ...second.alerts()]).toHaveLength(1);
  });

  it('is told of a consumer that has work, after its time and not before, and when somebody does', async () => {
    const bed = await testBed();
    const other = deskOf(bed, { nobodyRunsMs: 1000 });
    // Processes of one pipeline tell together: limits of another size are of another pipeline.
    const elsewhere = await testBed();
    const patient = deskOf(elsewhere, { nobodyRunsMs: 3_600_000 });
    await publish(elsewhere, 1);
    await sleep(1500);
    expect(other.alerts()).toEqual([]);
    await publish(bed, 1);
    const publishedMs = performance.now();
    await eventually('it fires', () => other.alerts().length === 1);
    expect(performance.now() - publishedMs).toBeGreaterThan(900);
    expect(other.alerts()[0]?.text).toMatch(
      new RegExp(`^nobody has run ${consumer} for 1s, longer than 1s, and it has work$`),
    );
    await bed.run({ [consumer]: () => {} });
    await eventually('it is over', () => other.alerts().length === 2);
    expect(inShort(other.alerts())).toEqual([
      `nobodyRuns  ${consumer} firing`,
      `nobodyRuns  ${consumer} resolved`,
    ]);
    expect(patient.alerts()).toEqual([]);
  });
});
