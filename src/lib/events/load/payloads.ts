import { decodeText } from '../../domain/decode.js';
import { UsageError } from '../../errors.js';
import type { Clock } from '../../flow/clock.js';
import { readTemplate } from './template.js';

/** The payload of the n-th event, from 1. */
export type Payloads = (n: number) => string | Uint8Array;

export const defaultSizeBytes = 128;

/** Given data, its placeholders filled in; or JSON of a given size, the same for all. */
export function payloadsOf(
  data: string | Uint8Array | undefined,
  sizeBytes: number | undefined,
  clock: Clock,
): Payloads {
  if (data === undefined) return always(paddingOf(sizeBytes ?? defaultSizeBytes));
  if (sizeBytes !== undefined)
    throw new UsageError('a size is for events without data of their own: leave out one of the two');
  const text = typeof data === 'string' ? data : decodeText(data);
  const template = text === undefined ? undefined : readTemplate(text, clock);
  return typeof template === 'function' ? template : always(data);
}

function always(data: string | Uint8Array): Payloads {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return () => bytes;
}

/** JSON of exactly so many bytes; where an object does not fit, a number. */
function paddingOf(sizeBytes: number): string {
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0) {
    throw new UsageError(`expected a size of a whole number of bytes, found ${sizeBytes}`);
  }
  const frame = '{"padding":""}';
  if (sizeBytes < frame.length) return '1'.repeat(sizeBytes);
  return `{"padding":"${'x'.repeat(sizeBytes - frame.length)}"}`;
}
