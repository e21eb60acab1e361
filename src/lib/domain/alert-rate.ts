import { formatDuration, parseDuration } from './duration.js';

/** So many in such a time. */
export interface AlertRate {
  /** More than these are too many. */
  readonly count: number;
  /** In this time, ms. */
  readonly perMs: number;
}

/** In a shorter time, too few looks are made. */
export const shortestRateMs = 30_000;
/** How far back a process remembers. */
export const longestRateMs = 86_400_000;

/** `10/1m`; undefined: it is none, or its time is too short or too long. */
export function parseRate(text: string): AlertRate | undefined {
  const [, count, per = ''] = /^(\d{1,9})\/(.+)$/.exec(text) ?? [];
  const perMs = parseDuration(per);
  if (perMs === undefined || perMs < shortestRateMs || perMs > longestRateMs) return undefined;
  return { count: Number(count), perMs };
}

export function formatRate({ count, perMs }: AlertRate): string {
  return `${count}/${formatDuration(perMs)}`;
}
