// What an event consists of: its publisher writes it, its handlers and the account compare with it.
import { createHash } from 'node:crypto';

export function payloadOf({ id, fate, failures }) {
  return JSON.stringify({ id, fate, failures });
}

/** By name, each with all its values. */
export function headersOf({ id }) {
  return { 'Nats-Msg-Id': [id], 'Chaos-Trace': [`trace of ${id}`, 'second'] };
}

/** The same for the same bytes and headers only. */
export function digestOf(bytes, headers) {
  const names = Object.keys(headers).toSorted();
  const text = JSON.stringify(names.map((name) => [name, headers[name]]));
  return createHash('md5').update(bytes).update(text).digest('base64url');
}

/** Changes all that a handler is given: nobody else may see anything of it. */
export function spoil({ raw, headers, data, time }) {
  raw.fill(0);
  for (const values of Object.values(headers)) values.push('altered');
  for (const name of Object.keys(data)) data[name] = 'altered';
  headers.altered = ['yes'];
  time?.setTime(0);
}
