import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject, type Project, type RunningCommand } from '../support/project.js';

const config = {
  name: 'test',
  events: { job: {}, other: {} },
  consumers: {
    careless: { events: ['job'], handler: './careless.mjs' },
    sound: { events: ['other'], handler: './sound.mjs' },
  },
};

async function running(
  careless: string,
): Promise<{ p: Project; run: RunningCommand; publish: (type: string) => Promise<unknown> }> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, config, {
    'careless.mjs': handlerText(careless),
    'sound.mjs': handlerText("appendFileSync(out, 'sound\\n');"),
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  const run = p.start();
  await run.until('pipeline runs');
  return { p, run, publish: (type) => link.publish(`events.${type}`, '{}') };
}

test.each([
  ['at once', "void Promise.reject(new Error('stray'));"],
  ['later', "setTimeout(async () => { throw new Error('stray'); }, 50);"],
])(
  'a rejection that nobody awaits (%s) is logged with its consumer, and ends nothing',
  async (_when, body) => {
    const { p, run, publish } = await running(body);
    await publish('job');
    await run.until('a promise that is not awaited was rejected');
    const lines = run.logs().filter(({ msg }) => String(msg).startsWith('a promise that is not awaited'));
    expect(lines).toMatchObject([{ level: 'error', consumer: 'careless', err: { message: 'stray' } }]);
    await publish('other');
    await eventually('the other consumer goes on', async () => (await p.lines()).includes('sound'), 15_000);
    run.child.kill('SIGTERM');
    expect((await run.ended).exitCode).toBe(0);
  },
);

test('an exception that nobody catches still ends the process, and its line names the consumer', async () => {
  const { run, publish } = await running("setTimeout(() => { throw new Error('nobody catches it'); }, 50);");
  await publish('job');
  expect((await run.ended).exitCode).toBe(1);
  expect(run.logs().at(-1)).toMatchObject({ level: 'fatal', consumer: 'careless' });
});

test.each([0, 3])(
  'a handler that calls process.exit(%i) is told with its consumer, and is no success',
  async (code) => {
    const { run, publish } = await running(`process.exit(${code});`);
    await publish('job');
    expect((await run.ended).exitCode).toBe(code === 0 ? 1 : code);
    expect(run.logs().at(-1)).toMatchObject({
      level: 'fatal',
      consumer: 'careless',
      code: code === 0 ? 1 : code,
      msg: expect.stringContaining('process.exit was called'),
    });
  },
);
