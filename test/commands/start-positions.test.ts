import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const handler = `import { appendFileSync } from 'node:fs';
export default (event, { consumer }) => appendFileSync(process.env.OUT, \`\${consumer} \${event.seq}\\n\`);
`;
const empty = { name: 'test', events: { a: {}, b: {} } };

test('a new consumer starts where its config says: all, new, last-per-subject, a time, a sequence', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, empty, { 'handler.mjs': handler });
  expect(await p.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  await link.publish('events.a', '');
  await link.publish('events.b', '');
  const since = Date.now() + 5;
  await eventually('the next event is younger', () => Date.now() > since);
  await link.publish('events.a', '');
  await link.publish('events.b', '');

  const starts = {
    all: 'all',
    new: 'new',
    'last-per-subject': 'last-per-subject',
    time: { time: new Date(since).toISOString() },
    seq: { seq: 4 },
  };
  const consumers = Object.fromEntries(
    Object.entries(starts).map(([name, start]) => [
      name,
      { events: ['a', 'b'], handler: './handler.mjs', start },
    ]),
  );
  await writeFile(join(p.folder, 'plutomi-events.config.json'), JSON.stringify({ ...empty, consumers }));
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await link.publish('events.a', '');

  const expected = {
    all: [1, 2, 3, 4, 5],
    new: [5],
    'last-per-subject': [3, 4, 5],
    time: [3, 4, 5],
    seq: [4, 5],
  };
  const lines = Object.entries(expected).flatMap(([name, seqs]) => seqs.map((seq) => `${name} ${seq}`));
  await expect.poll(async () => (await p.lines()).length, { timeout: 10_000 }).toBe(lines.length);
  expect((await p.lines()).toSorted()).toEqual(lines.toSorted());
});
