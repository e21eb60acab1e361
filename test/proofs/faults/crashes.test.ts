import { placesOf } from '../../../src/lib/pipeline/places.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectTo, natsForTest, readJournal } from '../../support/pipeline.js';
import { makeConfig } from '../../support/config.js';
import { handlerText, makeProject, type Project, type RunningCommand } from '../../support/project.js';
import { eventually } from '../../support/eventually.js';
import type { Link } from '../../../src/lib/nats/link.js';

const names = makeConfig({ consumers: [{ name: 'worker' }] });

function configWith(consumer: Record<string, unknown>): Record<string, unknown> {
  return {
    name: 'test',
    events: { job: {} },
    consumers: {
      worker: {
        events: ['job'],
        handler: './handler.mjs',
        ackWait: '1s',
        backoff: ['20ms'],
        attempts: 3,
        retry: false,
        ...consumer,
      },
    },
    meta: { ackWait: '1s', backoff: ['20ms'] },
  };
}

/** Starts the pipeline again each time it dies, until `stop` is called. */
function supervise(
  p: Project,
  words: readonly string[] = [],
): { stop(): Promise<void>; starts(): number; current(): RunningCommand } {
  let stopping = false;
  let starts = 1;
  let run = p.start(words);
  const loop = (async () => {
    while (!stopping) {
      await run.ended;
      if (stopping) return;
      starts++;
      run = p.start(words);
    }
  })();
  return {
    starts: () => starts,
    current: () => run,
    stop: async () => {
      stopping = true;
      run.child.kill('SIGKILL');
      await loop;
    },
  };
}

async function dead(link: Link): Promise<number> {
  return (await link.streamInfo(placesOf(names).dlq.stream))?.state.messages ?? 0;
}

async function publish(link: Link, count: number): Promise<void> {
  for (let n = 1; n <= count; n++)
    await link.publish('events.job', JSON.stringify({ n }), { msgId: `job-${n}` });
}

test('a poison event that ends its process is dead-lettered; the others are processed', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, configWith({ concurrency: 5 }), {
    'handler.mjs': handlerText(
      'if (event.data.n === 3) process.exit(1); await new Promise((r) => setTimeout(r, 20)); appendFileSync(out, `done ${event.seq}\\n`);',
    ),
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  await publish(link, 20);
  const supervisor = supervise(p);
  const done = async (): Promise<Set<string>> =>
    new Set((await p.lines()).filter((line) => line.startsWith('done')));
  await eventually(
    '19 are done and one is dead',
    async () => (await done()).size === 19 && (await dead(link)) === 1,
    25_000,
  );
  await supervisor.stop();
  const poisoned = (await p.lines()).filter((line) => line.startsWith('main') && line.endsWith(' 3'));
  expect(poisoned.length).toBeLessThanOrEqual(4);
  expect(await link.readLast('events-dlq', 'events-dlq.worker.3')).toBeDefined();
  const [record] = await readJournal(link, names, 'MAX_DELIVERIES');
  expect(record?.record.failure).toMatchObject({
    kind: 'no-report',
    message: 'no report from the last attempt',
  });
});

test('an event that blocks the event loop for ever is dead-lettered, and the log says why the process ended', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, configWith({ concurrency: 2, attempts: 1, backoff: [] }), {
    'handler.mjs': handlerText(
      'if (event.data.n === 2) for (;;); appendFileSync(out, `done ${event.seq}\\n`);',
    ),
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  await publish(link, 3);
  const supervisor = supervise(p, ['--stall-timeout', '1s']);
  const first = supervisor.current();
  const { stdout } = await first.ended;
  expect(stdout).toContain('a handler has blocked the event loop for 1s');
  await eventually(
    'two are done and one is dead',
    async () =>
      new Set((await p.lines()).filter((line) => line.startsWith('done'))).size === 2 &&
      (await dead(link)) === 1,
    25_000,
  );
  await supervisor.stop();
  expect(await link.readLast('events-dlq', 'events-dlq.worker.2')).toBeDefined();
});

test('a worker that dies in its first handler costs its prefetched neighbours no attempt', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, configWith({ concurrency: 1, attempts: 1, backoff: [] }), {
    'handler.mjs': handlerText(
      'if (event.data.n === 1) process.exit(1); appendFileSync(out, `done ${event.seq}\\n`);',
    ),
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  await publish(link, 5);
  const supervisor = supervise(p);
  await eventually(
    'four are done and one is dead',
    async () => {
      return (
        (await p.lines()).filter((line) => line.startsWith('done')).length === 4 && (await dead(link)) === 1
      );
    },
    25_000,
  );
  await supervisor.stop();
  const attempts = (await p.lines()).filter((line) => line.startsWith('main') && !line.endsWith(' 1'));
  expect(attempts.map((line) => line.split(' ')[1])).toEqual(['1', '1', '1', '1']);
});

test('the neighbour of a poison event, killed with it in its last attempt, is tried again alone and succeeds', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  // Event 2 fails twice; its last attempt goes on until the poison comes and takes it along.
  const p = await makeProject(server.url, configWith({ concurrency: 5, timeout: '2m' }), {
    'handler.mjs': handlerText(
      `const { readFileSync } = await import('node:fs');
  const { n } = event.data;
  if (n === 1) process.exit(1);
  if (n === 2 && context.attempt < 3) throw new Error('not yet');
  const first = n === 2 && !readFileSync(out, 'utf8').includes('last');
  if (first) appendFileSync(out, 'last\\n');
  if (first) await new Promise(() => {});
  await new Promise((r) => setTimeout(r, 50));
  appendFileSync(out, \`done \${event.seq}\\n\`);`,
    ),
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  await link.publish('events.job', JSON.stringify({ n: 2 }));
  const supervisor = supervise(p);
  const begun = async (): Promise<number> =>
    (await p.lines()).filter((line) => line.startsWith('last')).length;
  await eventually('the last attempt of event 2 runs', async () => (await begun()) === 1, 60_000);
  await link.publish('events.job', JSON.stringify({ n: 1 }));
  const others = 100;
  for (let n = 3; n < 3 + others; n++) await link.publish('events.job', JSON.stringify({ n }));
  const done = async (): Promise<Set<string>> =>
    new Set((await p.lines()).filter((line) => line.startsWith('done')));
  await eventually(
    'all but the poison are done, and the poison is dead',
    async () => (await done()).size === 1 + others && (await dead(link)) === 1,
    60_000,
  );
  await supervisor.stop();
  const lines = await p.lines();
  const end = lines.indexOf('done 1');
  expect(lines[end - 1], 'nothing else begins or ends while it runs alone').toBe('main 3 1');
  const records = (await readJournal(link, names)).filter(({ record }) => record.origin.seq === 1);
  const last = records.flatMap(({ record }) =>
    record.kind === 'ATTEMPT_STARTED' && record.attempt === 3 ? record : [],
  );
  expect(last.map(({ alone = false }) => alone)).toEqual([false, true]);
  expect(records.map(({ record }) => record.kind)).not.toContain('MAX_DELIVERIES');
  expect(await link.readLast('events-dlq', 'events-dlq.worker.2')).toBeDefined();
}, 180_000);

test('kill -9 every two seconds with 1,000 events in flight: none lost, none dead that never failed', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(
    server.url,
    configWith({ concurrency: 20, attempts: 3, retry: { delay: '100ms', attempts: 2, backoff: ['20ms'] } }),
    {
      'handler.mjs': handlerText(
        "await new Promise((r) => setTimeout(r, 60)); if (event.data.n % 10 === 0) throw new Error('always'); appendFileSync(out, `done ${event.seq}\\n`);",
      ),
    },
  );
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  await Promise.all(
    Array.from({ length: 1000 }, (_, i) => link.publish('events.job', JSON.stringify({ n: i + 1 }))),
  );
  const supervisor = supervise(p);
  for (let kill = 0; kill < 5; kill++) {
    await sleep(2000);
    supervisor.current().child.kill('SIGKILL');
  }
  const done = async (): Promise<Set<string>> =>
    new Set((await p.lines()).filter((line) => line.startsWith('done')));
  await eventually(
    '900 are done and 100 are dead',
    async () => (await done()).size === 900 && (await dead(link)) === 100,
    60_000,
  );
  await supervisor.stop();
  for (let n = 1; n <= 1000; n++) {
    const letter = await link.readLast('events-dlq', `events-dlq.worker.${n}`);
    expect(letter !== undefined, `event ${n}`).toBe(n % 10 === 0);
  }
  expect(supervisor.starts()).toBeGreaterThan(5);
}, 120_000);
