import type { ReadOptions } from './read-options.js';

/** Where a consumer begins, in the server's words. */
export interface StartFields {
  readonly deliver_policy: 'all' | 'last_per_subject' | 'by_start_sequence' | 'by_start_time';
  readonly opt_start_seq?: number;
  readonly opt_start_time?: string;
}

export function startOf(from: ReadOptions['from']): StartFields {
  if (from === undefined) return { deliver_policy: 'all' };
  if ('lastPerSubject' in from) return { deliver_policy: 'last_per_subject' };
  if ('seq' in from) return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from.seq) };
  return { deliver_policy: 'by_start_time', opt_start_time: new Date(from.timeMs).toISOString() };
}
