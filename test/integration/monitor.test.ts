import { createServer } from 'node:net';
import { DiscardPolicy } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import type { OpenedRun, OpenPipeline } from '../../src/lib/open/opened-pipeline.js';
import { eventually } from '../support/eventually.js';
import { samplesOf, sumOf } from '../support/metrics.js';
import type { TestServer } from '../support/nats-server.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const name = 'notifications-consumer';
const config: UserConfig = {
  name: 'monitored',
  events: { 'job.done': {}, 'job.other': {} },
  consumers: {
    [name]: {
      events: ['job.done'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
  },
};

interface Bed {
  readonly server: TestServer;
  readonly opened: OpenPipeline;
  readonly run: OpenedRun;
  readonly get: (path: string) => Promise<{ status: number; body: string; type: string | null }>;
}

async function bedWith(handler: Handler, overrides: Partial<UserConfig> = {}): Promise<Bed> {
  const server = await natsForTest();
  const cwd = await temporaryFolder();
  const opened = await openPipeline({ config: { ...config, ...overrides }, cwd, server: server.url });
  onTestFinished(() => opened.close());
  const handlers = new Map(opened.config.consumers.map((one) => [one.handler, handler]));
  const run = await opened.run({ apply: true, handlers, http: 0 });
  // What holds on would be waited for.
  onTestFinished(async () => void (await run.stop(200)));
  const get: Bed['get'] = async (path) => {
    const response = await fetch(`${run.httpUrl}${path}`);
    return {
      status: response.status,
      body: await response.text(),
      type: response.headers.get('content-type'),
    };
  };
  return { server, opened, run, get };
}

const labels = (stage: string, outcome: string): string =>
  `plutomi_attempts_total{consumer_name="${name}",stage="${stage}",outcome="${outcome}"}`;

test('of 1,000 events, some of which fail and some of which die, the counters add up to what handlers counted', async () => {
  const counted = new Map<string, number>();
  const count = (stage: string, outcome: string): void =>
    void counted.set(labels(stage, outcome), (counted.get(labels(stage, outcome)) ?? 0) + 1);
  const snoozed = new Set<number>();
  const { opened, run, get } = await bedWith((event, { stage, attempt }) => {
    const { n } = event.data as { n: number };
    if (n % 10 === 0) {
      count(stage, 'failed');
      throw new Error('always');
    }
    if (n % 10 === 1) {
      count(stage, 'rejected');
      throw new Reject('never');
    }
    if (n % 10 === 2 && attempt === 1 && stage === 'main') {
      count(stage, 'failed');
      throw new Error('once');
    }
    if (n % 10 === 3 && !snoozed.has(n)) {
      snoozed.add(n);
      count(stage, 'snoozed');
      throw new Snooze(20);
    }
    count(stage, 'ok');
  });
  const before = (await get('/metrics')).body;
  expect(samplesOf(before).get(labels('main', 'ok'))).toBe(0);
  const died: string[] = [];
  run.subscribe(({ id }) => void died.push(id), { types: ['dead-letter'] });
  await opened.publishMany(Array.from({ length: 1000 }, (_, n) => ({ type: 'job.done', data: { n } })));
  await opened.publish('events.job.unnamed', {});
  const scrapes: string[] = [];
  await eventually(
    'all have ended',
    async () => {
      scrapes.push((await get('/metrics')).body);
      return died.length === 200 && counted.get(labels('main', 'ok')) === 800;
    },
    60_000,
  );
  // Counted once what became of it is stored, which is a moment after the handler has ended.
  await eventually('the last one is counted', () => {
    const main = run.snapshot().stages.find(({ durable }) => durable === name);
    return main?.counts.succeeded === 800;
  });
  const { body, type } = await get('/metrics');
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = samplesOf(body);
  expect(counted.size).toBe(5);
  for (const [series, value] of counted) expect([series, samples.get(series)]).toEqual([series, value]);
  expect(sumOf(body, 'plutomi_attempts_total', name, 'stage="main"')).toBe(1300);
  expect(sumOf(body, 'plutomi_attempts_total', name, 'stage="retry"')).toBe(100);
  expect(sumOf(body, 'plutomi_attempts_total', name, 'stage="dlq"', 'outcome="ok"')).toBe(200);
  const ran = `{consumer_name="${name}",stage="main"}`;
  expect(samples.get(`plutomi_handler_duration_seconds_count${ran}`)).toBe(1300);
  expect(samples.get(`plutomi_handler_duration_seconds_bucket${ran.replace('}', ',le="+Inf"}')}`)).toBe(1300);
  expect(samples.get(`plutomi_handler_duration_seconds_sum${ran}`)).toBeGreaterThan(0);
  expect(samples.get(`plutomi_deliveries_total${ran}`)).toBe(1300);
  expect(samples.get('plutomi_published_total{type="job.done"}')).toBe(1000);
  expect(samples.get('plutomi_published_total{type="other"}')).toBe(1);
  for (const kind of ['error', 'rejected'])
    expect(samples.get(`plutomi_dead_letters_total{consumer_name="${name}",kind="${kind}"}`)).toBe(100);
  // No counter ever went back.
  const seen = new Map<string, number>();
  for (const scrape of [before, ...scrapes, body]) {
    for (const [series, value] of samplesOf(scrape)) {
      if (!/_(total|count|sum|bucket)\b/.test(series)) continue;
      expect(value, series).toBeGreaterThanOrEqual(seen.get(series) ?? 0);
      seen.set(series, value);
    }
  }
});

test('what the server knows: what waits, what is dead, its groups, and what replays have come to', async () => {
  let isMended = false;
  const { opened, run, get } = await bedWith(({ data }) => {
    if (isMended && (data as { n: number }).n !== 2) return;
    throw new Error(`job ${(data as { n: number }).n % 2 === 0 ? 'refused' : 'lost its way'}`);
  });
  const died: string[] = [];
  run.subscribe(({ id }) => void died.push(id), { types: ['dead-letter'] });
  for (const n of [1, 2, 3]) await opened.publish('job.done', { n });
  await eventually('all are dead', () => died.length === 3, 20_000);
  const value = async (series: string): Promise<number | undefined> =>
    samplesOf((await get('/metrics')).body).get(series);
  const dead = `plutomi_dead_letters{consumer_name="${name}",status="dead"}`;
  await eventually('the DLQ was read', async () => (await value(dead)) === 3, 30_000);
  const samples = samplesOf((await get('/metrics')).body);
  expect(samples.get(`plutomi_dead_letters{consumer_name="${name}",status="archived"}`)).toBe(0);
  expect(samples.get('plutomi_dead_letter_groups')).toBe(2);
  expect(samples.get('plutomi_dead_letter_oldest_timestamp_seconds')).toBeGreaterThan(1.7e9);
  expect(samples.get('plutomi_originals_expiring{within="1d"}')).toBe(0);
  expect(samples.get('plutomi_retries_waiting')).toBe(0);
  const main = `{stream_name="events",consumer_name="${name}"}`;
  expect(samples.get(`plutomi_consumer_pending${main}`)).toBe(0);
  expect(samples.get(`plutomi_consumer_oldest_unprocessed_seconds${main}`)).toBe(0);
  expect(samples.get('plutomi_holding')).toBe(0);
  expect(samples.get('plutomi_events_lost_total')).toBe(0);
  expect(samples.get('plutomi_build_info{version="0.1.0"}')).toBe(1);

  isMended = true;
  const report = await opened.deadLetters.replay({ filters: {} }, { waitMs: 20_000 });
  expect(report).toMatchObject({ resolved: 2, deadAgain: 1 });
  await eventually('both ends are counted', async () => {
    const now = samplesOf((await get('/metrics')).body);
    const ofReplays = ['resolved', 'deadAgain'].map((one) =>
      now.get(`plutomi_replayed_total{outcome="${one}"}`),
    );
    return ofReplays.join() === '2,1';
  });
});

test('while the server is away: alive, not ready, and a scrape is answered; and ready when it is back', async () => {
  const { server, opened, run, get } = await bedWith(() => {});
  await eventually('it is ready', async () => (await get('/readyz')).status === 200);
  await opened.publish('job.done', {});
  await eventually('it has run', () => run.snapshot().stages.some(({ counts }) => counts.succeeded === 1));
  expect(await get('/readyz')).toMatchObject({ body: 'ok\n' });
  expect((await get('/readyz?verbose')).body).toBe(
    '[+]running ok\n[+]connected ok\n[+]pulls-answered ok\n[+]not-holding ok\nreadyz check passed\n',
  );

  await server.kill9();
  await eventually('it is not ready', async () => (await get('/readyz')).status === 503);
  expect((await get('/readyz')).body).toMatch(/^\[-\]connected failed: lost .* ago; reconnecting to /m);
  expect((await get('/livez')).status).toBe(200);
  expect((await get('/startupz')).status).toBe(200);
  const scrape = await get('/metrics');
  expect(scrape.status).toBe(200);
  expect(samplesOf(scrape.body).get(labels('main', 'ok'))).toBe(1);
  expect(scrape.body).not.toContain('plutomi_consumer_pending');

  await server.restart();
  await eventually('it is ready again', async () => (await get('/readyz')).status === 200, 20_000);
  await eventually('the server is asked again', async () =>
    (await get('/metrics')).body.includes('plutomi_consumer_pending'),
  );
});

test('a server that stands still makes no scrape hang, and whoever gets no answer is not ready', async () => {
  const { server, get } = await bedWith(() => {});
  await eventually('it is ready', async () => (await get('/readyz')).status === 200);
  process.kill(server.pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
  await eventually('it is not ready', async () => (await get('/readyz')).status === 503, 20_000);
  expect((await get('/readyz')).body).toContain(`[-]pulls-answered failed: `);
  expect((await get('/livez?verbose')).body).toBe('[+]event-loop ok\nlivez check passed\n');
  expect((await get('/metrics')).status).toBe(200);
  process.kill(server.pid, 'SIGCONT');
  await eventually('it is ready again', async () => (await get('/readyz')).status === 200, 30_000);
});

test('whoever holds on is not ready, and says for what', async () => {
  const { opened, get } = await bedWith(() => {
    throw new Error('x'.repeat(500));
  });
  await opened.link.jsm.streams.update('events-advisories', { max_bytes: 2000, discard: DiscardPolicy.New });
  for (let n = 0; n < 3; n++) await opened.publish('job.done', { n });
  await eventually('it holds on', async () => (await get('/readyz')).status === 503, 20_000);
  await eventually(
    'it says so',
    async () => (await get('/readyz')).body.includes("[-]not-holding failed: can't write the journal: "),
    20_000,
  );
  await eventually(
    'the gauge says so',
    async () => samplesOf((await get('/metrics')).body).get('plutomi_holding') === 1,
  );
});

test('only GET and HEAD are answered, only of what is there, and nothing after the end', async () => {
  const { run, opened, get } = await bedWith(() => {});
  expect(await get('/')).toMatchObject({ status: 200, body: expect.stringContaining('/metrics') });
  expect(await get('/nothing')).toMatchObject({ status: 404, body: expect.stringContaining('/readyz') });
  const post = await fetch(`${run.httpUrl}/metrics`, { method: 'POST', body: '{}' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(`${run.httpUrl}/livez`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);

  await deleteConsumer(opened.link, 'events', name);
  await expect(run.ended).rejects.toThrow();
  await eventually('it answers nothing', () =>
    get('/livez').then(
      () => false,
      () => true,
    ),
  );
});

test('a port that is taken is said before anything is done', async () => {
  const server = await natsForTest();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const opened = await openPipeline({ config, cwd: await temporaryFolder(), server: server.url });
  onTestFinished(() => opened.close());
  await expect(opened.run({ apply: true, handlers: new Map(), http: port })).rejects.toMatchObject({
    code: 'CANNOT_LISTEN',
    message: `can't listen at http://127.0.0.1:${port}: another program listens there`,
    suggestions: [
      `see which one with: ss -ltnp 'sport = :${port}'`,
      'name another address with --http, or a free port with --http 0',
    ],
  });
  expect(await opened.link.streamInfo('events')).toBeUndefined();
  await expect(opened.run({ http: ':1' })).rejects.toMatchObject({ code: 'USAGE' });
  // What ends the start closes it.
  await expect(opened.run({ handlers: new Map(), http: 0 })).rejects.toMatchObject({ code: 'NOT_APPLIED' });
});
