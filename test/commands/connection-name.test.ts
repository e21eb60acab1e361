import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startNats, type TestServer } from '../support/nats-server.js';
import { handlerText, makeProject } from '../support/project.js';

const config = {
  name: 'test',
  events: { job: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs' } },
};

/** Names of the connections that the server has, by its monitoring. */
async function connectionNames({ storeDir, pid }: TestServer): Promise<unknown[]> {
  const ports = JSON.parse(await readFile(join(storeDir, `nats-server_${pid}.ports`), 'utf8')) as {
    monitoring: string[];
  };
  const response = await fetch(`${ports.monitoring[0]}/connz`);
  const { connections } = (await response.json()) as { connections: { name?: string }[] };
  return connections.map(({ name }) => name);
}

test.each([
  ['NATS_CLIENT_ID names the connection', 'NATS_CLIENT_ID=jelmore-api\n', 'jelmore-api'],
  ['without it the connection is named after the command', '', 'plutomi-events pipeline run'],
])('%s', async (_, env, name) => {
  const server = await startNats({ config: 'http: "127.0.0.1:-1"' });
  onTestFinished(() => server.stop());
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText('') });
  await writeFile(join(p.folder, '.env'), env);
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  expect(await connectionNames(server)).toEqual([name]);
});
