import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { readJson } from '../../support/json-schemas.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { makeProject } from '../../support/project.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const events = 200;

test.each(['stays away', 'comes back'] as const)(
  'events replay to a server that %s: it says what became of the connection',
  async (fate) => {
    const [own, away] = [await natsForTest(), await natsForTest()];
    const project = await makeProject(own.url, { name: 'test', consumers: {} }, {});
    expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    const link = await connectTo(own.url);
    for (let n = 1; n <= events; n++) await link.publish('events.n', String(n));
    const target = await connectTo(away.url);
    await target.jsm.streams.add({ name: 'away', subjects: ['events.>'] });
    const words = ['--all', '--to-server', away.url, '--rate', '50', '--name', 'n', '--yes', '--json'];
    const child = execa(process.execPath, [bin, 'events', 'replay', ...words], {
      cwd: project.folder,
      env: { NATS_URL: own.url },
      reject: false,
      stdin: 'ignore',
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const some = async (): Promise<boolean> => ((await target.streamInfo('away'))?.state.messages ?? 0) > 20;
    await eventually('some are there', some, 20_000);
    await away.pause();
    const server = `127.0.0.1:${away.port}`;
    const lost = `connection to ${server} lost; reconnecting\n`;
    await eventually('it says so', () => said.includes(lost), 20_000);
    if (fate === 'comes back') await away.restart();
    const { exitCode, stdout, stderr } = await child;
    const { lastSeq, read, written, stopped } = readJson('events replay', stdout);
    if (fate === 'comes back') {
      expect({ exitCode, read, written, stopped }).toEqual({
        exitCode: 0,
        read: events,
        written: events,
        stopped: null,
      });
      expect(stderr.split(lost)[1]).toContain(`connected to ${server} again`);
      expect((await (await connectTo(away.url)).streamInfo('away'))?.state.messages).toBe(events);
      return;
    }
    expect({ exitCode, stopped }).toMatchObject({ exitCode: 5, stopped: { code: 'UNREACHABLE' } });
    expect(stderr.match(/lost; reconnecting/g)).toHaveLength(1);
    expect(stderr).toMatch(/^it ended early: publish to events\.n: /m);
    const rest = ['--from-seq', String(Number(lastSeq) + 1), ...words.slice(1)];
    expect(stderr).toContain(`all up to ${String(lastSeq)} is done`);
    const goOn = /go on: plutomi-events (events replay .*)$/m.exec(stderr)?.[1]?.split(' ') ?? [];
    expect(goOn.toSorted()).toEqual(['events', 'replay', ...rest].toSorted());
    await away.restart();
    expect(await project.cli(goOn)).toMatchObject({ exitCode: 0 });
    expect((await (await connectTo(away.url)).streamInfo('away'))?.state.messages).toBe(events);
  },
  180_000,
);
