import { types } from 'node:util';
import { messageOf, UsageError } from '../../errors.js';

const encoder = new TextEncoder();

/**
 * The bytes that are published for `data`: bytes and text as they are, undefined as an empty payload, anything else
 * as JSON.
 *
 * @throws UsageError `NOT_JSON` for what JSON can't express: a cycle, a BigInt, a function, and what it would write as
 *   an empty object, such as a promise that nobody awaited
 */
export function encodePayload(data: unknown): Uint8Array {
  if (data === undefined) return new Uint8Array();
  if (types.isUint8Array(data)) return data;
  if (typeof data === 'string') return encoder.encode(data);
  const isObject = typeof data === 'object' && data !== null;
  const bytes = isObject ? bytesOf(data) : undefined;
  if (bytes) return bytes;
  let json: string | undefined;
  try {
    if (isObject) refuseHollow(data);
    json = JSON.stringify(data);
  } catch (error) {
    throw error instanceof UsageError ? error : notJson(messageOf(error), error);
  }
  if (json === undefined) throw notJson(`it is a ${typeof data}`);
  return encoder.encode(json);
}

/** Of any realm: a test runner may have its own. */
function bytesOf(data: object): Uint8Array | undefined {
  if (types.isDataView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/** Written as JSON, nothing would be left of it: of the data, or of one of its fields. */
function refuseHollow(data: object): void {
  refuseOne(data, 'it');
  if (Array.isArray(data)) return;
  for (const key in data) {
    const value = (data as Readonly<Record<string, unknown>>)[key];
    if (typeof value === 'object' && value !== null && isPromise(value)) {
      throw notJson(`${key} is a promise: await it first`);
    }
  }
}

function refuseOne(data: object, what: string): void {
  if (typeof (data as { toJSON?: unknown }).toJSON === 'function') return;
  if (isPromise(data)) throw notJson(`${what} is a promise: await it first`);
  const hollow = hollowKinds.find(([, isKind]) => isKind(data));
  if (hollow) throw notJson(`${what} is ${hollow[0]}: ${hollow[2]}`);
  if (ArrayBuffer.isView(data)) {
    throw notJson(`${what} is a ${data.constructor.name}: publish its bytes, or Array.from(it)`);
  }
  if (typeof (data as { pipe?: unknown }).pipe === 'function' || Symbol.asyncIterator in data) {
    throw notJson(`${what} is a stream: read it first`);
  }
}

const hollowKinds: readonly (readonly [string, (data: object) => boolean, string])[] = [
  ['a Map', types.isMap, 'Object.fromEntries(it) is an object'],
  ['a Set', types.isSet, 'Array.from(it) is an array'],
  ['a Blob', (data) => data instanceof Blob, 'await its arrayBuffer() first'],
];

function isPromise(value: object): boolean {
  return typeof (value as { then?: unknown }).then === 'function';
}

function notJson(reason: string, cause?: unknown): UsageError {
  const [line = reason] = reason.split('\n');
  return new UsageError(`the data can't be written as JSON: ${line}`, { code: 'NOT_JSON', cause });
}
