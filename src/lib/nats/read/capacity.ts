import type { StreamInfo } from '../objects.js';

const fewest = 4;
const bytesAtOnce = 16_777_216;

/** How many messages of a stream are held at once: as many as fit if they are as large as those in it, at most `most`. */
export function capacityFor({ state }: StreamInfo, most: number): number {
  const average = state.bytes / Math.max(1, state.messages);
  return Math.max(Math.min(fewest, most), Math.min(most, Math.floor(bytesAtOnce / Math.max(1, average))));
}
