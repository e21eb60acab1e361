import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

const token = 'xaat-0123456789abcdef';
const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
    },
  },
};
const files = {
  'handler.mjs': handlerText("throw new Error('no mailbox');"),
  '.env': `OUR_TOKEN=${token}\n`,
};

interface Ingest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly lines: Record<string, unknown>[];
}

/** What Axiom is for its client: an address that takes lines. */
async function axiom(answer: { status: number }): Promise<{ url: string; ingests: Ingest[] }> {
  const ingests: Ingest[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const lines = text.toString().split('\n').filter(Boolean);
    ingests.push({
      url: request.url ?? '',
      headers: request.headers,
      lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.status === 200 ? '{"ingested":1}' : '{"message":"token has no access"}');
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ingests };
}

test('the log goes to Axiom too, to its last line; one that refuses is said once, and costs nothing else', async () => {
  const server = await natsForTest();
  const answer = { status: 403 };
  const { url, ingests } = await axiom(answer);
  const log = { axiom: { dataset: 'pipelines', token: 'env://OUR_TOKEN', url } };
  const p = await makeProject(server.url, { ...config, log }, files);
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await run.until('lines of the log could not be sent');
  // Refused again: nothing new is said.
  await eventually('the warning was sent too', () => ingests.length >= 2, 20_000);
  answer.status = 200;
  await p.cli(['events', 'publish', 'totp.requested', '--data', '{}']);
  await run.until('dead letter');
  run.child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await run.ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const refused = run
    .logs()
    .filter(({ msg }) => String(msg).startsWith('lines of the log could not be sent'));
  expect(refused).toEqual([
    expect.objectContaining({
      level: 'warn',
      to: 'Axiom',
      err: expect.stringContaining('token has no access'),
    }),
  ]);
  expect(stdout).not.toContain(token);

  expect(new Set(ingests.map((one) => one.url))).toEqual(new Set(['/v1/datasets/pipelines/ingest']));
  expect(ingests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  const sent = ingests.flatMap(({ lines }) => lines);
  expect(sent.map(({ msg }) => msg)).toEqual(run.logs().map(({ msg }) => msg));
  const dead = run.logs().find(({ msg }) => msg === 'dead letter');
  expect(sent.find(({ msg }) => msg === 'dead letter')).toMatchObject({
    level: 'error',
    _time: Date.parse(String(dead?.['time'])),
    consumer: 'notifications-consumer',
  });

  const shown = await p.cli(['config', 'show', '--json']);
  expect(JSON.parse(shown.stdout).log.axiom).toMatchObject({ token: 'env://OUR_TOKEN' });
  expect((await p.cli(['config', 'show', '--applied', '--json'])).stdout).not.toContain('OUR_TOKEN');
}, 90_000);

test('AXIOM_TOKEN and AXIOM_DATASET alone are enough; any pino transport gets lines in the shape of pino', async () => {
  const server = await natsForTest();
  // A package that can only be imported, as most transports are.
  const transport = `
    import { createWriteStream } from 'node:fs';
    export default ({ file, key }) => {
      const stream = createWriteStream(file);
      stream.write(key + '\\n');
      return stream;
    };
  `;
  const log = {
    transport: { target: 'our-transport', options: { file: 'lines.log', key: 'env://OUR_TOKEN' } },
  };
  const p = await makeProject(
    server.url,
    { ...config, log },
    { ...files, '.env': `OUR_TOKEN=${token}\nAXIOM_TOKEN=x\n` },
  );
  const missing = await p.cli(['pipeline', 'run', '--apply', '--json']);
  expect(missing.exitCode).toBe(2);
  expect(JSON.parse(missing.stdout).error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('log.transport.target: the package our-transport is not installed'),
    suggestions: expect.arrayContaining(['npm install our-transport']),
  });

  const installed = join(p.folder, 'node_modules', 'our-transport');
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, 'index.js'), transport);
  await writeFile(
    join(installed, 'package.json'),
    '{"name":"our-transport","type":"module","exports":{"import":"./index.js"}}',
  );
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  run.child.kill('SIGTERM');
  expect(await run.ended).toMatchObject({ exitCode: 0, stderr: '' });
  const [key, ...lines] = (await readFile(join(p.folder, 'lines.log'), 'utf8')).trimEnd().split('\n');
  expect(key).toBe(token);
  const logged = run.logs();
  expect(logged[0]?.['msg']).toBe('AXIOM_TOKEN is set and AXIOM_DATASET is not: nothing is sent to Axiom');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(logged.map(({ msg }) => msg));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 40,
    time: Date.parse(String(logged[0]?.['time'])),
  });

  // What the environment alone says.
  const { url, ingests } = await axiom({ status: 200 });
  await writeFile(join(p.folder, '.env'), 'AXIOM_TOKEN=from-the-environment\nAXIOM_DATASET=ours\n');
  await writeFile(
    join(p.folder, 'to-axiom.mjs'),
    `export default { ...${JSON.stringify(config)}, log: { axiom: { url: '${url}' } } };`,
  );
  const other = p.start(['--config', 'to-axiom.mjs']);
  await other.until('pipeline runs');
  other.child.kill('SIGTERM');
  expect((await other.ended).exitCode).toBe(0);
  expect(ingests[0]).toMatchObject({
    url: '/v1/datasets/ours/ingest',
    headers: { authorization: 'Bearer from-the-environment' },
  });

  await writeFile(join(p.folder, '.env'), '');
  const gone = await p.cli(['pipeline', 'run', '--config', 'to-axiom.mjs']);
  expect(gone.exitCode).toBe(2);
  expect(gone.stderr).toContain('log.axiom.token: env://AXIOM_TOKEN is not there');
  expect(gone.stderr).toContain('log.axiom.dataset: expected a dataset, here or in AXIOM_DATASET');
}, 90_000);
