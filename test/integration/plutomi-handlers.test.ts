import { copyFile, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SMTPServer } from 'smtp-server';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isReject } from '../../src/lib/domain/outcome.js';
import { loadConfig } from '../../src/lib/config/load.js';
import type {
  BatchContext,
  BatchHandler,
  Handler,
  HandlerContext,
  PlutomiEvent,
} from '../../src/lib/handlers/contract.js';
import { loadHandlers } from '../../src/lib/handlers/load.js';
import { silentLogger } from '../../src/lib/observe/log.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const example = fileURLToPath(new URL('../../examples/plutomi/', import.meta.url));
const library = () => import('../../src/lib/index.js');

/** The example's handler as `pipeline run` loads it, with these variables: a copy, since modules are loaded once. */
async function handler(name: string, variables: Record<string, string>): Promise<Handler> {
  const folder = await temporaryFolder();
  const file = `${folder}/${name}.mjs`;
  await copyFile(`${example}handlers/${name}.mjs`, file);
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), `${folder}/node_modules`);
  for (const [key, value] of Object.entries(variables)) vi.stubEnv(key, value);
  const loaded = await loadHandlers([{ path: name, file }], { library, cacheHome: folder });
  vi.unstubAllEnvs();
  const found = loaded.get(file);
  if (!found) throw new Error(`no handler in ${file}`);
  return found;
}

const event: PlutomiEvent = {
  type: 'totp.requested',
  subject: 'events.totp.requested',
  data: { email: 'ada@example.com', code: '314159' },
  text: undefined,
  raw: new Uint8Array(),
  headers: {},
  id: 'login-1',
  stream: 'events',
  seq: 7,
  time: new Date('2026-01-31T12:00:00.123Z'),
  edited: false,
  replayed: false,
};

const context = (overrides: Partial<HandlerContext> = {}): HandlerContext => ({
  consumer: 'notifications-consumer',
  stage: 'main',
  attempt: 1,
  cycle: 0,
  idempotencyKey: 'notifications-consumer/events/7/1769860800123000000',
  signal: new AbortController().signal,
  log: silentLogger(),
  ...overrides,
});

const thrownBy = (call: unknown): Promise<unknown> =>
  Promise.resolve(call).then(
    () => undefined,
    (e: unknown) => e,
  );

interface MailServerOptions {
  readonly refuse?: { readonly code: number; readonly message: string };
  readonly port?: number;
}

/** A real SMTP server; `refuse` answers RCPT with an error. */
async function mailServer({ refuse, port = 0 }: MailServerOptions = {}) {
  const mails: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    closeTimeout: 50,
    onRcptTo: (_address, _session, done) =>
      done(
        refuse === undefined ? null : Object.assign(new Error(refuse.message), { responseCode: refuse.code }),
      ),
    onData: (stream, _session, done) => {
      void stream.toArray().then((chunks: Buffer[]) => {
        mails.push(Buffer.concat(chunks).toString());
        done();
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(resolve);
    });
  onTestFinished(stop);
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, mails, stop };
}

const headerOf = (mail: string, name: string) => new RegExp(`^${name}: (.+)\r$`, 'im').exec(mail)?.[1];

describe('the example config', () => {
  test('is valid', async () => {
    const warnings: unknown[] = [];
    const config = await loadConfig({
      cwd: example,
      cacheHome: await temporaryFolder(),
      library,
      onWarning: (warning) => warnings.push(warning),
    });
    expect(config.consumers.map(({ name }) => name)).toEqual([
      'notifications-consumer',
      'analytics-consumer',
      'search-consumer',
      'rules-consumer',
      'moves-consumer',
    ]);
    expect(config.file).toBe(`${example}plutomi-events.config.mjs`);
    expect(warnings).toEqual([]);
  });
});

describe('notifications', () => {
  test('e-mails the code, with the same Message-ID in every attempt', async () => {
    const server = await mailServer();
    const send = await handler('notifications', { SMTP_URL: server.url });
    await send(event, context());
    await send(event, context({ stage: 'retry', attempt: 2, cycle: 1 }));
    await send({ ...event, seq: 8 }, context({ idempotencyKey: 'another' }));
    expect(server.mails).toHaveLength(3);
    const [first = '', again = '', other = ''] = server.mails;
    expect(headerOf(first, 'To')).toBe('ada@example.com');
    expect(headerOf(first, 'Subject')).toBe('314159 is your login code');
    expect(headerOf(first, 'X-Event-Id')).toBe('login-1');
    expect(first).toContain('Your code is 314159.');
    expect(headerOf(first, 'Message-Id')).toMatch(/^<[0-9a-f]{32}@plutomi\.example>$/);
    expect(headerOf(again, 'Message-Id')).toBe(headerOf(first, 'Message-Id'));
    expect(headerOf(other, 'Message-Id')).not.toBe(headerOf(first, 'Message-Id'));
  });

  test('a mail server that is down is a failed attempt, and the next one works when it is back', async () => {
    const server = await mailServer();
    const send = await handler('notifications', { SMTP_URL: server.url });
    await send(event, context());
    await server.stop();
    const error = await thrownBy(send(event, context()));
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(isReject(error)).toBe(false);
    const back = await mailServer({ port: Number(new URL(server.url).port) });
    await send(event, context());
    expect(back.mails).toHaveLength(1);
  });

  test('an address that is refused for good is rejected; one that is refused for now is not', async () => {
    const forGood = await mailServer({ refuse: { code: 550, message: 'no such mailbox' } });
    const rejected = await thrownBy(
      (await handler('notifications', { SMTP_URL: forGood.url }))(event, context()),
    );
    expect(isReject(rejected)).toBe(true);
    expect(rejected).toMatchObject({ message: expect.stringContaining('no such mailbox') });

    const forNow = await mailServer({ refuse: { code: 451, message: 'try later' } });
    const failed = await thrownBy(
      (await handler('notifications', { SMTP_URL: forNow.url }))(event, context()),
    );
    expect(failed).toMatchObject({ message: expect.stringContaining('try later') });
    expect(isReject(failed)).toBe(false);
  });
});

interface Request {
  readonly method: string | undefined;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Stands where ClickHouse would be. */
async function warehouse(status = 200, answer = '') {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const { method, headers, url = '' } = request;
      requests.push({
        method,
        headers,
        url: new URL(url, 'http://x'),
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(status).end(answer);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const row = {
  event_id: 'login-1',
  type: 'totp.requested',
  time: '2026-01-31T12:00:00.123Z',
  data: '{"email":"ada@example.com","code":"314159"}',
};

const batchHandler = async (variables: Record<string, string>): Promise<BatchHandler> =>
  (await handler('analytics', variables)) as unknown as BatchHandler;

const batchContext = (): BatchContext => ({ ...context(), attemptOf: () => context() });

describe('analytics', () => {
  test('inserts the rows of a batch into ClickHouse at once', async () => {
    const { host, requests } = await warehouse();
    const url = `http://plutomi:s%40cret@${host}/shop`;
    const insert = await batchHandler({ CLICKHOUSE_URL: url });
    await insert([event, { ...event, id: undefined, seq: 8 }], batchContext());
    expect(requests).toHaveLength(1);
    const [request] = requests;
    expect(request?.method).toBe('POST');
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toMatchObject({
      database: 'shop',
      query: 'INSERT INTO plutomi_events FORMAT JSONEachRow',
      date_time_input_format: 'best_effort',
    });
    const credentials = Buffer.from('plutomi:s@cret').toString('base64');
    expect(request?.headers.authorization).toBe(`Basic ${credentials}`);
    const rows = (request?.body ?? '').trimEnd().split('\n');
    expect(rows.map((line) => JSON.parse(line) as unknown)).toEqual([
      row,
      { ...row, event_id: context().idempotencyKey },
    ]);
  });

  test('an answer that is no success is a failed attempt with the code and the reason', async () => {
    const { host } = await warehouse(
      500,
      'Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE) (version 24.8)\nstack',
    );
    const insert = await batchHandler({ CLICKHOUSE_URL: `http://${host}` });
    expect(await thrownBy(insert([event], batchContext()))).toMatchObject({
      code: '60',
      message: expect.stringMatching(/^no such table/) as string,
    });
  });

  test('a warehouse that never answers ends with the attempt', async () => {
    const silent = createTcpServer(() => aborting.abort());
    const aborting = new AbortController();
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const insert = await batchHandler({ CLICKHOUSE_URL: url });
    const error = await thrownBy(insert([event], { ...batchContext(), signal: aborting.signal }));
    expect(String(error)).toMatch(/abort/i);
  });

  test('without ClickHouse, rows go to a file, a line each', async () => {
    const file = `${await temporaryFolder()}/rows.ndjson`;
    const append = await batchHandler({ CLICKHOUSE_URL: '', ANALYTICS_FILE: file });
    await append([event, { ...event, id: undefined }], batchContext());
    const rows = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual(row);
    expect(rows).toContainEqual({ ...row, event_id: context().idempotencyKey });
  });
});
