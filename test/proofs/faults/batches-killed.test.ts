import { expect, test } from 'vitest';
import { makeConfig } from '../../support/config.js';
import { eventually } from '../../support/eventually.js';
import { connectTo, natsForTest, readJournal } from '../../support/pipeline.js';
import { makeProject, type Project, type RunningCommand } from '../../support/project.js';
import type { Link } from '../../../src/lib/nats/link.js';

const names = makeConfig({ consumers: [{ name: 'worker' }] });

/** Ten events in a batch; what a handler has done is a line with the events of its batch. */
async function workshop(body: string): Promise<{ readonly link: Link; readonly project: Project }> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const config = {
    name: 'test',
    events: { job: {} },
    consumers: {
      worker: {
        events: ['job'],
        handler: './handler.mjs',
        batch: { size: 10, wait: '50ms' },
        ackWait: '1s',
        backoff: ['20ms'],
        attempts: 3,
        retry: false,
      },
    },
    meta: { ackWait: '1s', backoff: ['20ms'] },
  };
  const handler = `import { appendFileSync } from 'node:fs';
const write = (what, events) =>
  appendFileSync(process.env.OUT, \`\${what} \${events.map(({ seq }) => seq).join(',')}\\n\`);
export default async (events) => {
  write('begin', events);
  ${body}
  write('done', events);
};
`;
  const project = await makeProject(server.url, config, { 'handler.mjs': handler });
  expect((await project.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  for (let n = 1; n <= 20; n++) await link.publish('events.job', JSON.stringify({ n }));
  return { link, project };
}

async function linesOf(project: Project, what: string): Promise<number[][]> {
  const lines = (await project.lines()).filter((line) => line.startsWith(`${what} `));
  return lines.map((line) => line.split(' ')[1]?.split(',').map(Number) ?? []);
}

/** Each event that was in a batch which ended. */
const doneOf = async (project: Project): Promise<Set<number>> =>
  new Set((await linesOf(project, 'done')).flat());

test('an event that ends the process in a batch is found, one by one, and the others are done', async () => {
  const { link, project } = await workshop('if (events.some(({ data }) => data.n === 7)) process.exit(1);');
  let stopping = false;
  let run: RunningCommand = project.start();
  const supervisor = (async () => {
    for (;;) {
      await run.ended;
      if (stopping) return;
      run = project.start();
    }
  })();
  const dead = async (): Promise<number> => (await link.streamInfo('events-dlq'))?.state.messages ?? 0;
  await eventually(
    '19 are done and one is dead',
    async () => (await doneOf(project)).size === 19 && (await dead()) === 1,
    60_000,
  );
  stopping = true;
  run.child.kill('SIGKILL');
  await supervisor;
  expect(await link.readLast('events-dlq', 'events-dlq.worker.7')).toBeDefined();
  const poisoned = (await linesOf(project, 'begin')).filter((seqs) => seqs.includes(7));
  expect(poisoned[0]?.length, 'first it is one of several').toBeGreaterThan(1);
  expect(
    poisoned.slice(1).every(({ length }) => length === 1),
    'then it is alone',
  ).toBe(true);
  expect(poisoned.length).toBeLessThanOrEqual(4);
  const [record] = await readJournal(link, names, 'MAX_DELIVERIES');
  expect(record?.record.failure).toMatchObject({ kind: 'no-report' });
}, 120_000);

test('kill -9 in the middle of a batch loses nothing', async () => {
  const { link, project } = await workshop('await new Promise((r) => setTimeout(r, 400));');
  for (let kills = 1; kills <= 2; kills++) {
    const run = project.start();
    await eventually(
      'a batch is at work',
      async () =>
        (await linesOf(project, 'begin')).length > (await linesOf(project, 'done')).length + kills - 1,
      20_000,
    );
    run.child.kill('SIGKILL');
    await run.ended;
  }
  const run = project.start();
  await eventually('all are done', async () => (await doneOf(project)).size === 20, 60_000);
  await eventually(
    'nothing is left in hand',
    async () => {
      const info = await link.consumerInfo('events', 'worker');
      return info?.num_pending === 0 && info.num_ack_pending === 0;
    },
    20_000,
  );
  run.child.kill('SIGTERM');
  await run.ended;
  expect((await link.streamInfo('events-dlq'))?.state.messages).toBe(0);
  expect(await readJournal(link, names, 'ATTEMPT_FAILED')).toEqual([]);
}, 120_000);
