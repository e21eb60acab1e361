import { copyFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isReject, isSnooze, type Snooze } from '../../src/lib/domain/outcome.js';
import type { Handler, HandlerContext, PlutomiEvent } from '../../src/lib/handlers/contract.js';
import { loadHandlers } from '../../src/lib/handlers/load.js';
import { silentLogger } from '../../src/lib/observe/log.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const handlers = fileURLToPath(new URL('../../examples/plutomi/handlers/', import.meta.url));

/** The example's handler as `pipeline run` loads it, with these variables: a copy, since modules are loaded once. */
async function handler(name: string, variables: Record<string, string> = {}): Promise<Handler> {
  const folder = await temporaryFolder();
  const file = `${folder}/${name}.mjs`;
  for (const one of new Set([name, 'publish']))
    await copyFile(`${handlers}${one}.mjs`, `${folder}/${one}.mjs`);
  for (const [key, value] of Object.entries(variables)) vi.stubEnv(key, value);
  const library = () => import('../../src/lib/index.js');
  const loaded = await loadHandlers([{ path: name, file }], { library, cacheHome: folder });
  vi.unstubAllEnvs();
  const found = loaded.get(file);
  if (!found) throw new Error(`no handler in ${file}`);
  return found;
}

const entered: PlutomiEvent = {
  type: 'stage.entered',
  subject: 'events.acme.stage.entered.ana',
  data: { tenant: 'acme', applicant: 'ana', stage: 'Questionnaire' },
  text: undefined,
  raw: new Uint8Array(),
  headers: {},
  id: 'entered-1',
  stream: 'events',
  seq: 7,
  time: new Date('2026-01-31T12:00:00.123Z'),
  edited: false,
  replayed: false,
};

const context = (signal = new AbortController().signal): HandlerContext => ({
  consumer: 'search-consumer',
  stage: 'main',
  attempt: 1,
  cycle: 0,
  idempotencyKey: 'search-consumer/events/7/1769860800123000000',
  signal,
  log: silentLogger(),
});

const thrownBy = (call: unknown): Promise<unknown> =>
  Promise.resolve(call).then(
    () => undefined,
    (e: unknown) => e,
  );

interface Meili {
  readonly url: string;
  readonly requests: readonly string[];
  /** By index and id. */
  readonly documents: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

interface MeiliOptions {
  /** What each task says, from the first look on; the last one stays. */
  readonly statuses?: readonly string[];
  readonly error?: Readonly<Record<string, string>>;
  /** Instead of taking documents. */
  readonly refuses?: number;
}

/** Stands where MeiliSearch would be: the two endpoints that are used, with its answers, its key and its queue. */
async function meili({ statuses = ['succeeded'], error, refuses }: MeiliOptions = {}): Promise<Meili> {
  const requests: string[] = [];
  const documents = new Map<string, Record<string, unknown>>();
  let looks = 0;
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { method, url = '', headers } = request;
    requests.push(`${method} ${url}`);
    if (headers.authorization !== 'Bearer a-key') {
      answer(403, { code: 'invalid_api_key', type: 'auth' });
      return;
    }
    if (method === 'GET') {
      const status = statuses[Math.min(looks++, statuses.length - 1)];
      answer(200, { uid: 12, status, error: status === 'failed' ? error : null });
      return;
    }
    void request.toArray().then((chunks: Buffer[]) => {
      if (refuses !== undefined) return answer(refuses, { code: 'internal' });
      const index = /^\/indexes\/([^/]+)\//.exec(url)?.[1] ?? '';
      for (const one of JSON.parse(Buffer.concat(chunks).toString()) as { id: string }[])
        documents.set(`${index}/${one.id}`, { ...documents.get(`${index}/${one.id}`), ...one });
      return answer(202, { taskUid: 12, indexUid: index, status: 'enqueued' });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, documents };
}

const searchIn = ({ url }: Meili, key = 'a-key'): Promise<Handler> =>
  handler('search', { MEILI_URL: url, MEILI_KEY: key });

describe('search', () => {
  test('an applicant is merged into the index of the tenant, and the task is waited for', async () => {
    const server = await meili({ statuses: ['enqueued', 'processing', 'succeeded'] });
    const index = await searchIn(server);
    const submitted = { tenant: 'acme', applicant: 'ana', name: 'Ana', opening: 'Engineer' };
    await index({ ...entered, type: 'application.submitted', data: submitted }, context());
    await index(entered, context());
    await index(entered, context());
    expect(server.requests.slice(0, 4)).toEqual([
      'PUT /indexes/applicants-acme/documents?primaryKey=id',
      ...Array.from({ length: 3 }, () => 'GET /tasks/12'),
    ]);
    expect([...server.documents]).toEqual([
      ['applicants-acme/ana', { id: 'ana', name: 'Ana', opening: 'Engineer', stage: 'Questionnaire' }],
    ]);
  });

  test('a document that can never be indexed is rejected; any other failure is a failed attempt', async () => {
    const error = { code: 'invalid_document_id', type: 'invalid_request', message: 'no such id' };
    const refused = await thrownBy(
      (await searchIn(await meili({ statuses: ['failed'], error })))(entered, context()),
    );
    expect(isReject(refused)).toBe(true);
    expect(refused).toMatchObject({ message: 'invalid_document_id: no such id' });

    const full = { code: 'no_space_left_on_device', type: 'internal', message: 'the disk is full' };
    const failed = await thrownBy(
      (await searchIn(await meili({ statuses: ['failed'], error: full })))(entered, context()),
    );
    expect(isReject(failed)).toBe(false);
    expect(failed).toMatchObject({ message: 'no_space_left_on_device: the disk is full' });

    const down = await thrownBy((await searchIn(await meili({ refuses: 503 })))(entered, context()));
    expect(isReject(down)).toBe(false);
    expect(String(down)).toContain('MeiliSearch answers 503');
    const wrongKey = await thrownBy((await searchIn(await meili(), 'another'))(entered, context()));
    expect(String(wrongKey)).toContain('MeiliSearch answers 403');
  });

  test('a task that does not end is given up with the attempt', async () => {
    const server = await meili({ statuses: ['processing'] });
    const aborting = new AbortController();
    const call = (await searchIn(server))(entered, context(aborting.signal));
    await vi.waitUntil(() => server.requests.length > 2, { timeout: 20_000 });
    aborting.abort();
    expect(String(await thrownBy(call))).toMatch(/abort/i);
  });

  test('without MeiliSearch, documents go to a file, a line each', async () => {
    const file = `${await temporaryFolder()}/search.ndjson`;
    await (await handler('search', { MEILI_URL: '', SEARCH_FILE: file }))(entered, context());
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      index: 'applicants-acme',
      document: { id: 'ana', stage: 'Questionnaire' },
    });
  });
});

describe('the rule of 30 days', () => {
  test('an event of its stage waits until 30 days after it was stored', async () => {
    const nowMs = Date.now();
    const thrown = await thrownBy((await handler('rules'))({ ...entered, time: new Date(nowMs) }, context()));
    expect(isSnooze(thrown)).toBe(true);
    const days = Number((thrown as Snooze).delay) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
  });

  test('other stages are none of its business', async () => {
    const data = { tenant: 'acme', applicant: 'ana', stage: 'Interview' };
    expect(await thrownBy((await handler('rules'))({ ...entered, data }, context()))).toBeUndefined();
  });
});
