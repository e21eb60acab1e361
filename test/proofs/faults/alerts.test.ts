import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Alert } from '../../../src/lib/domain/alert.js';
import { decodeAlert } from '../../../src/lib/domain/alert-document.js';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import { systemClock } from '../../../src/lib/flow/clock.js';
import { decideGroup } from '../../../src/lib/dlq/groups/change-group.js';
import { listGroups } from '../../../src/lib/dlq/groups/list-groups.js';
import { groupIdOf } from '../../../src/lib/domain/group-id.js';
import { GroupTeller } from '../../../src/lib/groups/tell-groups.js';
import { HttpClient } from '../../../src/lib/http/client.js';
import type { WaterfallEvent, WaterfallEventOf } from '../../../src/lib/observe/waterfall-event.js';
import { readDocument } from '../../../src/lib/operations/documents.js';
import { readEntry } from '../../../src/lib/pointers/entry.js';
import { keepOriginals } from '../../../src/lib/waterfall/rescue/keep-originals.js';
import { AlertDesk, type AlertDeskParts } from '../../../src/lib/waterfall/alerts/desk.js';
import type { AlertSettings } from '../../../src/lib/config/resolved.js';
import { alertHook } from '../../support/alert-hook.js';
import { bury, consumer, killedAfter } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { pipelineOf } from '../../support/pipeline-of.js';

const none = { newGroup: false, groupBack: false };
const groups = { newGroup: true, groupBack: true };

interface Desk {
  readonly desk: AlertDesk;
  readonly groups: GroupTeller;
  /** What it logged. */
  readonly alerts: () => Alert[];
  readonly events: readonly WaterfallEvent[];
}

let workers = 0;

/** One of several processes, which looks often. */
function deskOf(
  bed: TestBed,
  alerts: Partial<AlertSettings>,
  { link = bed.link, ...parts }: Partial<AlertDeskParts> & { link?: TestBed['link'] } = {},
): Desk {
  const http = new HttpClient({});
  const events: WaterfallEvent[] = [];
  const settings: AlertSettings = { ...none, ...alerts };
  const config = { ...bed.config, alerts: settings };
  workers += 1;
  const identity = { worker: `test:${workers}:alerts`, operator: 'ada@test' };
  const { webhook, subject } = settings;
  const pipeline = pipelineOf(link, config, { identity, clock: systemClock });
  const desk = new AlertDesk({
    pipeline,
    targets: {
      keys: [],
      ...(webhook === undefined ? {} : { webhook }),
      ...(subject === undefined ? {} : { subject }),
    },
    http,
    emit: (event) => void events.push(event),
    everyMs: 50,
    rest: 0,
    calm: 300,
    ...parts,
  });
  onTestFinished(async () => {
    await desk.stop();
    await http.close();
  });
  const told = (event: WaterfallEvent): event is WaterfallEventOf<'alert'> => event.type === 'alert';
  const teller = new GroupTeller(pipeline, () => {});
  return { desk, groups: teller, events, alerts: () => events.filter(told).map(({ alert }) => alert) };
}

/** As a process that tells the dead letter. */
async function see(bed: TestBed, { desk, groups: teller }: Desk, dlqSeq: number): Promise<void> {
  const message = await bed.link.readFromLeader('events-dlq', dlqSeq);
  if (!message) throw new Error(`no dead letter ${dlqSeq}`);
  const entry = readEntry(bed.config, message);
  await desk.notice(entry, await teller.tell(entry));
}

const alertAt = (bed: TestBed, name: string) =>
  readDocument(pipelineOf(bed.link, bed.config), `events-operations.alert.${name}`, decodeAlert);

const stateOf = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ condition, state }) => `${condition} ${state}`);

describe('limits', () => {
  it('count: told above the limit and not at it; over at nine tenths of it, and not before', async () => {
    const bed = await testBed();
    const { alerts } = deskOf(bed, { count: 10 });
    const letters = [];
    for (let n = 0; n < 10; n++) letters.push(await bury(bed));
    await sleep(300);
    expect(alerts()).toEqual([]);
    letters.push(await bury(bed));
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({
      pipeline: 'test',
      condition: 'count',
      state: 'firing',
      value: 11,
      threshold: 10,
      group: null,
      text: '11 dead letters in the DLQ, more than 10',
    });
    // Around its limit it is told once.
    await bed.link.deleteMessage('events-dlq', letters.pop()?.dlqSeq ?? 0);
    await sleep(600);
    expect(alerts()).toHaveLength(1);
    await bed.link.deleteMessage('events-dlq', letters.pop()?.dlqSeq ?? 0);
    await eventually('it is over', () => alerts().length === 2);
    expect(alerts()[1]).toMatchObject({ state: 'resolved', value: 9, since: alerts()[0]?.at });
    await bury(bed);
    await bury(bed);
    await eventually('it fires again', () => alerts().length === 3);
    expect(new Set(alerts().map(({ id }) => id)).size).toBe(3);
  });

  it('rate: those that came within its time, also when they have left', async () => {
    const bed = await testBed();
    const { alerts } = deskOf(bed, { rate: { count: 3, perMs: 3000 } });
    await sleep(200);
    for (let n = 0; n < 3; n++) {
      const { dlqSeq } = await bury(bed);
      await bed.link.deleteMessage('events-dlq', dlqSeq);
    }
    await sleep(300);
    expect(alerts()).toEqual([]);
    await bury(bed);
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({ condition: 'rate', value: 4, threshold: 3 });
    await eventually('it is over', () => alerts().length === 2, 10_000);
  });

  it('oldest: how long the first one has been in the DLQ', async () => {
    const bed = await testBed();
    const { alerts } = deskOf(bed, { oldestMs: 1500 });
    const { dlqSeq } = await bury(bed);
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]?.value).toBeGreaterThan(1500);
    await bed.link.deleteMessage('events-dlq', dlqSeq);
    await eventually('it is over', () => alerts().length === 2);
    expect(alerts()[1]?.text).toBe('the DLQ is empty');
  });

  it('expiring: events that leave their stream soon, and are not kept', async () => {
    const bed = await testBed({ streams: { events: { maxAgeMs: 60_000 } } });
    const { alerts } = deskOf(bed, { expiringMs: 59_000 });
    const { pointer } = await bury(bed);
    await eventually('it fires', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({ condition: 'expiring', value: 1, threshold: 59_000 });
    expect(await keepOriginals(pipelineOf(bed.link, bed.config), [pointer])).toMatchObject({ kept: 1 });
    await eventually('it is over', () => alerts().length === 2);
    expect(alerts()[1]).toMatchObject({ state: 'resolved', value: 0 });
  });

  it('those of muted groups do not count', async () => {
    const bed = await testBed();
    const pipeline = pipelineOf(bed.link, bed.config);
    await bury(bed);
    const [group] = (await listGroups(pipeline, {})).groups;
    await decideGroup(pipeline, group?.id ?? '', { do: 'mute', until: '2099-01-01T00:00:00Z' });
    const { alerts } = deskOf(bed, { count: 1 });
    await bury(bed);
    await bury(bed);
    await sleep(400);
    expect(alerts()).toEqual([]);
    for (let n = 0; n < 2; n++)
      await bury(bed, { failure: makeFailure('error', 'TypeError', 'x is not a function') });
    await eventually('the others do', () => alerts().length === 1);
    expect(alerts()[0]).toMatchObject({ value: 2 });
  });
});

describe('groups', () => {
  it('a new one is told once, by one of several processes, and is over when it is empty', async () => {
    const bed = await testBed();
    const hook = await alertHook();
    const desks = [1, 2, 3].map(() => deskOf(bed, { ...groups, webhook: hook.url }));
    const letters = await Promise.all(Array.from({ length: 30 }, () => bury(bed)));
    await Promise.all(letters.map(({ dlqSeq }, n) => see(bed, desks[n % 3] as Desk, dlqSeq)));
    await eventually('it is told', () => hook.taken().length === 1);
    const told = (): Alert[] => desks.flatMap(({ alerts }) => alerts());
    expect(stateOf(told())).toEqual(['newGroup firing']);
    const [alert] = hook.taken();
    expect(alert?.group).toMatchObject({ consumer, reason: expect.stringContaining('connection refused') });
    expect((await listGroups(pipelineOf(bed.link, bed.config), {})).groups).toMatchObject([
      { id: alert?.group?.id, status: 'new', count: 30 },
    ]);
    // The one that the alert knows may leave: others are there.
    for (const { dlqSeq } of letters.slice(0, 29)) await bed.link.deleteMessage('events-dlq', dlqSeq);
    await sleep(600);
    expect(hook.taken()).toHaveLength(1);
    await bed.link.deleteMessage('events-dlq', letters[29]?.dlqSeq ?? 0);
    await eventually('it is over', () => hook.taken().length === 2);
    expect(stateOf(hook.taken())).toEqual(['newGroup firing', 'newGroup resolved']);
    expect(hook.taken()[1]?.since).toBe(alert?.at);
  });

  it('one that is back is told, and is back in dlq groups; a muted one is quiet', async () => {
    const bed = await testBed();
    const pipeline = pipelineOf(bed.link, bed.config);
    const desk = deskOf(bed, groups);
    const { alerts } = desk;
    const first = await bury(bed);
    await see(bed, desk, first.dlqSeq);
    const id = groupIdOf(consumer, first.pointer.failure.fingerprint);
    await decideGroup(pipeline, id, { do: 'ack' });
    await bed.link.deleteMessage('events-dlq', first.dlqSeq);
    await sleep(1100);
    const second = await bury(bed);
    await see(bed, desk, second.dlqSeq);
    await see(bed, desk, second.dlqSeq);
    await eventually('both are told', () => alerts().some(({ condition }) => condition === 'groupBack'));
    await sleep(2300);
    expect(
      stateOf(alerts())
        .filter((one) => one.endsWith('firing'))
        .toSorted(),
    ).toEqual(['groupBack firing', 'newGroup firing']);
    expect((await listGroups(pipeline, {})).groups).toMatchObject([{ id, status: 'back' }]);
    await decideGroup(pipeline, id, { do: 'mute', until: '100x' });
    await bed.link.deleteMessage('events-dlq', second.dlqSeq);
    await sleep(1100);
    const before = stateOf(alerts()).filter((one) => one === 'groupBack firing').length;
    const third = await bury(bed);
    await see(bed, desk, third.dlqSeq);
    await sleep(300);
    expect(stateOf(alerts()).filter((one) => one === 'groupBack firing')).toHaveLength(before);
  });

  it('another one of the group that is still there means that it is not back', async () => {
    const bed = await testBed();
    const desk = deskOf(bed, groups);
    const { alerts } = desk;
    const [first, second] = [await bury(bed), await bury(bed)];
    await see(bed, desk, first.dlqSeq);
    await bed.link.deleteMessage('events-dlq', first.dlqSeq);
    await sleep(1100);
    // Another process told the second one; this one never saw it.
    const third = await bury(bed);
    await see(bed, desk, third.dlqSeq);
    await sleep(300);
    expect(stateOf(alerts())).not.toContain('groupBack firing');
    expect(second.dlqSeq).toBe(2);
  });

  it('is told however the process that notices it is killed between two writes', async () => {
    const bed = await testBed();
    const hook = await alertHook();
    const settings = { ...groups, webhook: hook.url };
    const { dlqSeq } = await bury(bed);
    for (const writes of [0, 1, 2, 3]) {
      const link = killedAfter(bed.link, writes);
      const one = deskOf(bed, settings, { link, lease: 2000 });
      await see(bed, one, dlqSeq).catch(() => {});
      await one.desk.stop().catch(() => {});
    }
    const last = deskOf(bed, settings, { lease: 2000 });
    await see(bed, last, dlqSeq);
    await eventually('it is told', () => hook.taken().length > 0, 15_000);
    await sleep(500);
    expect(stateOf(hook.taken())).toEqual(['newGroup firing']);
    expect(await alertAt(bed, `group-${hook.taken()[0]?.group?.id}`)).toMatchObject({
      value: { notices: [], claim: null, deliveredAt: expect.any(String) },
    });
  }, 30_000);

  it('shapes that turn out to be one group are told once', async () => {
    const bed = await testBed();
    const desk = deskOf(bed, groups);
    const { alerts } = desk;
    const tables = ['payments', 'invoices', 'receipts', 'refunds', 'orders'];
    for (const table of tables) {
      const failure = makeFailure(
        'error',
        'Error',
        `the worker could not write rows into relation ${table} of the store`,
      );
      const { dlqSeq } = await bury(bed, { failure });
      await see(bed, desk, dlqSeq);
    }
    await sleep(3000);
    expect(stateOf(alerts())).toEqual(['newGroup firing']);
  });
});

describe('an alert', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

  it('is repeated until the webhook takes it, signed each time', async () => {
    const bed = await testBed();
    const hook = await alertHook((n) => (n < 2 ? 500 : 204));
    const keys = [Buffer.alloc(32, 7), Buffer.alloc(24, 9)];
    const { events } = deskOf(bed, { count: 0, webhook: hook.url }, { targets: { webhook: hook.url, keys } });
    await bury(bed);
    await eventually('it is taken', () => hook.taken().length === 1, 20_000);
    expect(hook.requests.map(({ status }) => status)).toEqual([500, 500, 204]);
    const ids = new Set(hook.requests.map(({ headers }) => headers['webhook-id']));
    expect(ids.size).toBe(1);
    for (const { headers, body } of hook.requests) {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      const expected = createHmac('sha256', key).update(signed).digest('base64');
      expect(String(headers['webhook-signature']).split(' ')).toEqual([
        `v1,${expected}`,
        expect.stringMatching(/^v1,/),
      ]);
      expect(JSON.parse(body)).toMatchObject({
        type: 'alert.firing',
        data: { condition: 'count', value: 1 },
      });
    }
    expect(events.filter(({ type }) => type === 'alert')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'alert-not-told')).toMatchObject([
      { to: 'webhook', error: 'the webhook answered 500', retryInMs: 1000 },
      { to: 'webhook', error: 'the webhook answered 500', retryInMs: 5000 },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/T0KEN|whsec/);
  }, 30_000);

  it('goes to the handler and to the subject too, whatever becomes of the webhook', async () => {
    const bed = await testBed();
    const hook = await alertHook(() => 500);
    const handled: Alert[] = [];
    const heard: string[] = [];
    bed.link.nc.subscribe('alerts.test', {
      callback: (_error, message) => void heard.push(message.string()),
    });
    await bed.link.flush();
    const handler = (alert: Alert): void => void handled.push(alert);
    deskOf(bed, { count: 0 }, { targets: { webhook: hook.url, keys: [], handler, subject: 'alerts.test' } });
    const { dlqSeq } = await bury(bed);
    await eventually('it is told', () => handled.length === 1 && heard.length === 1);
    await bed.link.deleteMessage('events-dlq', dlqSeq);
    await eventually('that it is over too', () => handled.length === 2 && heard.length === 2, 20_000);
    expect(stateOf(handled)).toEqual(['count firing', 'count resolved']);
    expect(heard.map((text) => (JSON.parse(text) as { data: Alert }).data)).toEqual(handled);
    const document = await alertAt(bed, 'count');
    expect(document?.value).toMatchObject({ state: 'resolved', deliveredAt: null });
    expect(document?.value.notices.map(({ todo }) => todo)).toEqual([['webhook'], ['webhook']]);
  }, 30_000);

  it('that a stopped process could not tell is told by another one at once', async () => {
    const bed = await testBed();
    const hook = await alertHook((n) => (n === 0 ? 503 : 204));
    const first = deskOf(bed, { count: 0, webhook: hook.url });
    await bury(bed);
    await eventually('it was tried', () => hook.requests.length === 1);
    await first.desk.stop();
    const second = deskOf(bed, { count: 0, webhook: hook.url });
    await eventually('it is taken', () => hook.taken().length === 1, 5000);
    expect(second.alerts()).toEqual([]);
  });
});
