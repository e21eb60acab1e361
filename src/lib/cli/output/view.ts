import type { WriteStream } from 'node:tty';
import type { Environment } from '../../connection/environment.js';
import { type Colors, colorsFor } from '../../render/colors.js';
import type { View } from '../../render/dead-letters.js';

/** Into a pipe or a file whole lines go: `grep` must find what stands at their end. */
const unknownWidth = Number.POSITIVE_INFINITY;

/** Colours for what goes to this stream: each has its own answer. `--no-color` is stronger than the environment. */
export function colorsOf(
  stream: { readonly isTTY?: boolean },
  { noColor, forceColor }: Pick<Environment, 'noColor' | 'forceColor'>,
  flag = false,
): Colors {
  return colorsFor({ isTty: stream.isTTY === true, off: flag || noColor, forced: forceColor });
}

/** How wide and how coloured a stream shows things, and what its times are relative to. */
export function viewOf(stream: WriteStream, colors: Colors): View {
  return { width: stream.columns ?? unknownWidth, colors, nowMs: Date.now() };
}
