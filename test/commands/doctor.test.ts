import { expect, test } from 'vitest';
import { readJson } from '../support/json-schemas.js';
import { freePorts } from '../support/nats-server.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': { events: ['totp.requested'], handler: './handler.mjs', attempts: 1 },
  },
};

function project(url: string): Promise<Project> {
  return makeProject(url, config, { 'handler.mjs': 'export default () => {};\n' });
}

test('doctor exits with 1 where something has failed, and with 0 where nothing has; the next step can be copied', async () => {
  const server = await natsForTest();
  const p = await project(server.url);
  const before = await p.cli(['pipeline', 'doctor']);
  expect(before.exitCode).toBe(1);
  expect(before.stdout).toMatch(/^fail {2}streams {6}12 streams and consumers are not there: .*$/m);
  expect(before.stdout).toMatch(/^ {19}→ plutomi-events pipeline apply$/m);
  expect(before.stdout.trimEnd()).toMatch(/\n1 thing stands in the way$/);

  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  const after = await p.cli(['pipeline', 'doctor', '--json']);
  expect(after.exitCode).toBe(0);
  expect(readJson('pipeline doctor', after.stdout)).toMatchObject({ ok: true });
});

test('without a server and without a config it ends soon all the same; what is no address is exit 2', async () => {
  const [port] = await freePorts(1);
  const p = await project(`nats://127.0.0.1:${port}`);
  const away = await p.cli(['pipeline', 'doctor', '--json']);
  expect(away.exitCode).toBe(1);
  expect(readJson('pipeline doctor', away.stdout)).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([
      {
        about: 'address',
        status: 'fail',
        message: `nats://127.0.0.1:${port} (from NATS_URL): connection refused: nothing listens there (ECONNREFUSED)`,
        next: expect.stringContaining('server start'),
      },
    ]),
  });
  const missing = await p.cli(['pipeline', 'doctor', '--json', '--config', 'nothing.json']);
  expect(missing.exitCode).toBe(1);
  expect(readJson('pipeline doctor', missing.stdout)).toMatchObject({
    findings: expect.arrayContaining([expect.objectContaining({ about: 'config', status: 'fail' })]),
  });
  for (const words of [
    ['--monitor', 'localhost'],
    ['--role', 'ci'],
  ]) {
    expect((await p.cli(['pipeline', 'doctor', ...words])).exitCode).toBe(2);
  }
});
