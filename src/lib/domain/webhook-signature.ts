import { createHmac } from 'node:crypto';
import { type Decoded, malformed } from './decode.js';

const prefix = 'whsec_';
const [shortest, longest] = [24, 64];

/**
 * The keys of secrets as https://www.standardwebhooks.com has them: `whsec_` and base64 of 24 to 64 bytes; several, with
 * blanks in between, while one takes the place of another. The reason never holds them.
 */
export function readWebhookSecrets(text: string): Decoded<readonly Buffer[]> {
  const keys: Buffer[] = [];
  for (const secret of text.split(/\s+/).filter((one) => one !== '')) {
    const encoded = secret.slice(prefix.length);
    const key = Buffer.from(encoded, 'base64');
    const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
    if (!secret.startsWith(prefix) || !isBase64 || key.length < shortest || key.length > longest) {
      const which = keys.length === 0 ? '' : ` (the secret number ${keys.length + 1})`;
      return malformed(
        `expected ${prefix} and base64 of ${shortest} to ${longest} bytes, found something else${which} (not shown)`,
      );
    }
    keys.push(key);
  }
  return keys.length === 0
    ? malformed(`expected ${prefix} and base64, found nothing but blanks`)
    : { ok: true, value: keys };
}

/** The headers that prove who sent a body, and when. Without a key nothing is signed. */
export function webhookHeaders(
  id: string,
  nowMs: number,
  body: string,
  keys: readonly Buffer[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const sign = (key: Buffer): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(keys.length === 0 ? {} : { 'webhook-signature': keys.map(sign).join(' ') }),
  };
}
