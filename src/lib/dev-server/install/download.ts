import { failureOf, reasonOf } from '../../domain/failure.js';
import { OperationError } from '../../errors.js';
import { type HttpAnswer, HttpClient } from '../../http/client.js';
import type { ProxySettings } from '../../http/proxy.js';

const REDIRECT_LIMIT = 5;
const IDLE_TIMEOUT_MS = 15_000;
const SIZE_LIMIT_BYTES = 256 * 1024 * 1024;

/** The code of the error when a URL could not be had, as opposed to: was had and is wrong. */
export const DOWNLOAD_FAILED = 'DOWNLOAD_FAILED';

/**
 * The body of this http or https URL, redirects followed, through the proxy that the settings name.
 *
 * @throws OperationError `DOWNLOAD_FAILED` for any answer but 200, a redirect from https to http, more than
 *   256 MB, or 15 s without a byte.
 */
export async function download(url: string, settings: ProxySettings): Promise<Buffer> {
  const http = new HttpClient(settings);
  try {
    let target = url;
    for (let redirects = 0; redirects <= REDIRECT_LIMIT; redirects++) {
      const answer = await get(http, target);
      const location = redirectOf(answer, target);
      if (location === undefined) return await readBody(answer, target);
      answer.discard();
      target = location;
    }
    throw failed(url, `more than ${REDIRECT_LIMIT} redirects`);
  } finally {
    await http.close();
  }
}

/** Where this URL redirects to. Throws as `download` does, also when it redirects nowhere. */
export async function readRedirect(url: string, settings: ProxySettings): Promise<string> {
  const http = new HttpClient(settings);
  try {
    const answer = await get(http, url);
    answer.discard();
    const location = redirectOf(answer, url);
    if (location === undefined) throw failed(url, `expected a redirect, got ${answer.status}`);
    return location;
  } finally {
    await http.close();
  }
}

async function get(http: HttpClient, url: string): Promise<HttpAnswer> {
  try {
    const target = new URL(url);
    if (!/^https?:$/.test(target.protocol))
      throw new TypeError(`expected an http or https URL, got ${target.protocol}`);
    return await http.request(target, { method: 'GET', idleMs: IDLE_TIMEOUT_MS });
  } catch (error) {
    throw failed(url, reasonOf(failureOf(error)), error);
  }
}

function redirectOf({ status, location }: HttpAnswer, url: string): string | undefined {
  if (location === undefined || status < 300 || status > 399) return undefined;
  const next = new URL(location, url);
  if (url.startsWith('https:') && next.protocol !== 'https:') {
    throw failed(url, `it redirects to ${next.protocol}//${next.host}, which is not encrypted`);
  }
  return next.href;
}

async function readBody(answer: HttpAnswer, url: string): Promise<Buffer> {
  if (answer.status !== 200) throw failed(url, `the answer is ${answer.status}`);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of answer.body) {
      sizeBytes += chunk.length;
      if (sizeBytes > SIZE_LIMIT_BYTES) throw new Error(`it is larger than ${SIZE_LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw failed(url, reasonOf(failureOf(error)), error);
  }
  return Buffer.concat(chunks);
}

function failed(url: string, found: string, cause?: unknown): OperationError {
  return new OperationError(`cannot download ${withoutSecrets(url)}: ${found}`, {
    code: DOWNLOAD_FAILED,
    cause,
  });
}

/** Where it is, and what: user, query and the path to a mirror's folder may be secrets. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'from what is not a URL';
  const { origin, pathname } = new URL(url);
  const names = pathname.split('/').filter((name) => name !== '');
  return [origin, ...(names.length > 2 ? ['…'] : []), ...names.slice(-2)].join('/');
}
