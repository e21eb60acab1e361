import type { StreamInfo } from '../nats/objects.js';

/** How much of its limit of bytes or messages a stream uses, whichever is more: 0 to 1. Null: it has none. */
export function usedPart({ config, state }: Pick<StreamInfo, 'config' | 'state'>): number | null {
  const parts = [
    ...(config.max_msgs > 0 ? [state.messages / config.max_msgs] : []),
    ...(config.max_bytes > 0 ? [state.bytes / config.max_bytes] : []),
  ];
  return parts.length === 0 ? null : Math.max(...parts);
}

/** The same in percent, to a tenth: what is shown is what is judged. */
export function usedPercent(info: Pick<StreamInfo, 'config' | 'state'>): number | null {
  const used = usedPart(info);
  return used === null ? null : Math.round(used * 1000) / 10;
}
