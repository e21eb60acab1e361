import type { ReadOptions } from './read-options.js';

/** Where a consumer begins, as the server has it. */
export function startOf(from: ReadOptions['from']): {
  deliver_policy: 'all' | 'last_per_subject' | 'by_start_sequence' | 'by_start_time';
  opt_start_seq?: number;
  opt_start_time?: string;
} {
  if (from === undefined) return { deliver_policy: 'all' };
  if ('lastPerSubject' in from) return { deliver_policy: 'last_per_subject' };
  if ('seq' in from) return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from.seq) };
  return { deliver_policy: 'by_start_time', opt_start_time: new Date(from.timeMs).toISOString() };
}
