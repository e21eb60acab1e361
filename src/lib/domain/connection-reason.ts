import { messageOf } from '../errors.js';
import { readAny, readText } from './causes.js';

/** What the system says of a connection that did not come about, in words; `at` is where it was to lead. */
const meanings: Readonly<Record<string, (at: string) => string>> = {
  ECONNREFUSED: (at) => `connection refused: nothing listens ${at === '' ? 'there' : `at ${at}`}`,
  ENOTFOUND: (at) => `there is no machine of ${at === '' ? 'that name' : `the name ${at}`}`,
  EAI_AGAIN: (at) => `no name server says now where ${at === '' ? 'it' : at} is`,
  ETIMEDOUT: (at) => `${at === '' ? 'it' : at} does not answer`,
  EHOSTUNREACH: (at) => `no way leads to ${at === '' ? 'that machine' : at}`,
  ENETUNREACH: (at) => `no way leads to the network of ${at === '' ? 'that machine' : at}`,
  EHOSTDOWN: (at) => `${at === '' ? 'the machine' : at} is down`,
  ECONNRESET: () => 'the other side cut the connection off',
  EPIPE: () => 'the other side closed the connection',
};

/** How the NATS client words it. */
const inWords = /^connection refused$/i;
const inText = /\b(?:connect|getaddrinfo|read|write) (E[A-Z_]+)(?: (\S+))?/;

/**
 * Why a connection did not come about, for a person: what happened and where, with the code of the system in brackets for
 * those who look it up. `at`: what to call the place; empty where it is named before. Of several addresses that were tried, what was said of the first. Anything else says what it is.
 */
export function connectionReason(error: unknown, at?: string): string {
  const errors = readAny(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return connectionReason(errors[0], at);
  const message = messageOf(error);
  if (inWords.test(message)) return message;
  const found = inText.exec(message);
  const code = readText(error, 'code') ?? found?.[1];
  const meaning = code !== undefined && Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (meaning === undefined) return message;
  return `${meaning(at ?? placeOf(error) ?? found?.[2] ?? '')} (${code})`;
}

function placeOf(error: unknown): string | undefined {
  const hostname = readText(error, 'hostname');
  if (hostname !== undefined) return hostname;
  const [address, port] = [readText(error, 'address'), readAny(error, 'port')];
  if (address === undefined) return undefined;
  if (typeof port !== 'number') return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
