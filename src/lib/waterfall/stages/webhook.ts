import type { DeadLetter } from '../../domain/dead-letter.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';

const timeoutMs = 10_000;

/** POSTs a dead letter as JSON; see `postJson`. */
export function postDeadLetter(http: HttpClient, webhook: string, letter: DeadLetter): Promise<void> {
  return postJson(http, webhook, JSON.stringify(letter));
}

/**
 * POSTs a JSON text. Throws for anything but 2xx within 10 s. Path and query of the URL may be its secret,
 * as may be where a redirect leads to: only origins are shown.
 */
export async function postJson(
  http: HttpClient,
  webhook: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const url = new URL(webhook);
  let answer: HttpAnswer;
  try {
    answer = await http.request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      idleMs: timeoutMs,
      timeoutMs,
    });
  } catch (error) {
    throw new Error(`no answer from the webhook at ${url.origin}`, { cause: error });
  }
  answer.discard();
  const { status, location } = answer;
  if (status >= 200 && status <= 299) return;
  throw new Error(`the webhook answered ${status}${isRedirect(status) ? redirected(url, location) : ''}`);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status <= 399;
}

/** A redirected POST becomes a GET, or goes to a host that is not in the config: neither reports what died. */
function redirected(url: URL, location: string | undefined): string {
  const to =
    location !== undefined && URL.canParse(location, url.href) ? new URL(location, url).origin : 'nowhere';
  return `: it redirects to ${to}, and redirects are not followed`;
}
