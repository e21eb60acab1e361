import { messageOf, UsageError } from '../../errors.js';

const encoder = new TextEncoder();

/**
 * The bytes that are published for `data`: bytes and text as they are, undefined as an empty payload, anything else
 * as JSON.
 *
 * @throws UsageError `NOT_JSON` for what JSON can't express: a cycle, a BigInt, a function
 */
export function encodePayload(data: unknown): Uint8Array {
  if (data === undefined) return new Uint8Array();
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return encoder.encode(data);
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    throw notJson(messageOf(error), error);
  }
  if (json === undefined) throw notJson(`it is a ${typeof data}`);
  return encoder.encode(json);
}

function notJson(reason: string, cause?: unknown): UsageError {
  const [line = reason] = reason.split('\n');
  return new UsageError(`the data can't be written as JSON: ${line}`, { code: 'NOT_JSON', cause });
}
