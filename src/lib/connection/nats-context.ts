import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { closest } from '../domain/closest.js';
import { messageOf, UsageError } from '../errors.js';
import type { Auth, TlsFiles } from '../nats/connect/target.js';
import { ContextReader, type ContextFields } from './context-reader.js';
import type { Environment } from './environment.js';
import { suggestOther } from '../suggestion.js';
import { textIn } from './text-file.js';

/** What a context of the nats CLI says about the connection. */
export interface ContextSettings {
  /** Server URLs, separated by commas. */
  readonly url?: string;
  readonly auth?: Auth;
  readonly tls?: TlsFiles;
  readonly domain?: string;
  readonly apiPrefix?: string;
  readonly inboxPrefix?: string;
}

/** Fields of a context that change the connection in a way that we can't. */
const unsupported = ['socks_proxy', 'nsc', 'windows_cert_store'];

/**
 * Reads `$XDG_CONFIG_HOME/nats/context/<name>.json`, as the nats CLI writes it.
 *
 * Throws UsageError: unknown, malformed, or with credentials that can't be read.
 */
export async function readContext(name: string, environment: Environment): Promise<ContextSettings> {
  const fields = await readFields(name, environment);
  const reader = new ContextReader(name, fields, environment);
  for (const field of unsupported) {
    if (reader.text(field) !== undefined) throw reader.problem(field, 'this is not supported');
  }
  const url = reader.text('url');
  const auth = await authOf(reader);
  const tls = await tlsOf(reader);
  const domain = reader.text('jetstream_domain');
  const apiPrefix = reader.text('jetstream_api_prefix');
  const inboxPrefix = reader.text('inbox_prefix');
  return {
    ...(url === undefined ? {} : { url }),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...(domain === undefined ? {} : { domain }),
    ...(apiPrefix === undefined ? {} : { apiPrefix }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

/** Names of the contexts that exist, sorted. */
export async function knownContexts(environment: Environment): Promise<string[]> {
  const files = await readdir(folderOf(environment)).catch(() => []);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();
}

function folderOf(environment: Environment): string {
  return path.join(environment.configHome, 'nats', 'context');
}

async function readFields(name: string, environment: Environment): Promise<ContextFields> {
  const known = await knownContexts(environment);
  if (!known.includes(name)) {
    const meant = closest(name, known);
    const list = known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`;
    throw new UsageError(
      `unknown context "${name}" in ${folderOf(environment)}; ${meant === undefined ? list : `did you mean ${meant}? (${list})`}`,
      {
        code: 'UNKNOWN_CONTEXT',
        suggestions: [suggestOther('nats', ['context', 'ls'], { note: 'the contexts of the nats CLI' })],
      },
    );
  }
  const file = path.join(folderOf(environment), `${name}.json`);
  const text = await textOf(file);
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as ContextFields;
  } catch {
    // The parser's message may quote the file, secrets included.
  }
  throw new UsageError(`context ${name}: ${file} is not a JSON object`, { code: 'CONTEXT_INVALID' });
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`can't read ${file}: ${error.code ?? 'unknown reason'}`, {
      code: 'CONTEXT_INVALID',
    });
  });
  try {
    return textIn(file, bytes);
  } catch (error) {
    throw new UsageError(messageOf(error), { code: 'CONTEXT_INVALID' });
  }
}

/** Only one of these is used, in the order of the nats CLI; a token goes with any of them. */
async function authOf(reader: ContextReader): Promise<Auth | undefined> {
  const token = await reader.secret('token');
  const main = await mainAuth(reader);
  const auth = { ...main, ...(token === undefined ? {} : { token }) };
  return Object.keys(auth).length === 0 ? undefined : auth;
}

async function mainAuth(reader: ContextReader): Promise<Auth> {
  const user = reader.text('user');
  if (user !== undefined) {
    const password = await reader.secret('password');
    return { user, ...(password === undefined ? {} : { password }) };
  }
  const creds = await reader.credentials('creds');
  if (creds !== undefined) return { creds };
  const nkeySeed = await reader.credentials('nkey');
  if (nkeySeed !== undefined) return { nkeySeed };
  const userJwt = await reader.secret('user_jwt');
  const userSeed = await reader.secret('user_seed');
  if (userJwt === undefined) return {};
  return { userJwt, ...(userSeed === undefined ? {} : { userSeed }) };
}

async function tlsOf(reader: ContextReader): Promise<TlsFiles | undefined> {
  const caFile = await reader.file('ca');
  const certFile = await reader.file('cert');
  const keyFile = await reader.file('key');
  const pair = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : {};
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...pair,
    ...(reader.flag('tls_first') ? { first: true } : {}),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}
