import { formatBytes } from '../domain/bytes.js';
import { decodeObject } from '../domain/decode.js';
import { messageOf } from '../errors.js';
import type { HttpClient } from '../http/client.js';
import { asGoodAsFull, nearlyFull } from './check-account.js';
import { fail, type Finding, ok, warn } from './finding.js';

const timeoutMs = 3000;
const mostBytes = 4_194_304;

interface ServerStore {
  readonly config?: {
    readonly max_storage?: number;
    readonly max_memory?: number;
    readonly store_dir?: string;
  };
  readonly storage?: number;
  readonly memory?: number;
  readonly disabled?: boolean;
}

/** What only the monitoring port of a server tells: its store, and whether it is healthy. */
export async function checkMonitor(monitor: URL, http: HttpClient): Promise<Finding[]> {
  try {
    const [health, store] = await Promise.all([
      read(new URL('/healthz', monitor), http),
      read(new URL('/jsz', monitor), http),
    ]);
    const { status, error } = health as { status?: string; error?: string };
    const isWell = status === 'ok';
    return [
      isWell
        ? ok('monitor', `${monitor.host}: the server is healthy`)
        : fail('monitor', `${monitor.host}: the server is not healthy: ${error ?? status ?? 'no status'}`),
      ...storeOf(monitor, store),
    ];
  } catch (error) {
    const text = `${monitor.host}: no monitoring port of a nats-server answers there: ${messageOf(error)}`;
    return [fail('monitor', text, 'start nats-server with -m 8222, or leave out --monitor')];
  }
}

async function read(url: URL, http: HttpClient): Promise<object> {
  const answer = await http.request(url, { method: 'GET', idleMs: timeoutMs, timeoutMs });
  let text = '';
  for await (const chunk of answer.body) {
    text += chunk.toString();
    if (text.length > mostBytes) throw new Error(`${url.pathname} answers more than ${mostBytes} bytes`);
  }
  const found = decodeObject(Buffer.from(text), mostBytes);
  if (!found.ok) throw new Error(`${url.pathname} answers ${answer.status}, and no JSON`);
  return found.value;
}

function storeOf(monitor: URL, { config = {}, storage = 0, disabled }: ServerStore): Finding[] {
  if (disabled === true)
    return [fail('storage', `${monitor.host}: JetStream is off`, 'start nats-server with -js')];
  const { max_storage: most = 0, store_dir: folder = 'unknown' } = config;
  if (most <= 0) return [warn('storage', `${monitor.host}: the server has no file storage`)];
  const part = storage / most;
  const text = `${monitor.host}: ${formatBytes(storage)} of ${formatBytes(most)} are used in ${folder}`;
  if (part < nearlyFull) return [ok('storage', text)];
  const next = 'free disk space, or raise max_file_store';
  return [(part >= asGoodAsFull ? fail : warn)('storage', text, next)];
}
