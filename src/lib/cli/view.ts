import type { WriteStream } from 'node:tty';
import type { Colors } from '../render/colors.js';
import type { View } from '../render/dead-letters.js';

/** Into a pipe or a file whole lines go: `grep` must find what stands at their end. */
const unknownWidth = Number.POSITIVE_INFINITY;

/** How wide and how coloured a stream shows things, and from when on times are told. */
export function viewOf(stream: WriteStream, colors: Colors): View {
  return { width: stream.columns ?? unknownWidth, colors, nowMs: Date.now() };
}
