import type { Link } from '../../nats/link.js';
import type { Consequence } from './consequence.js';
import { type ConsumerSubject, countFrom, isQueue, queued } from './counting.js';
import { filtersOf } from '../diff/fields.js';
import { beyond } from '../filters.js';

/** What a change of filters skips of the added subjects, and leaves behind of the removed ones. */
export async function filterConsequences(link: Link, subject: ConsumerSubject): Promise<Consequence[]> {
  const { desired, stream, info } = subject;
  const { role } = desired;
  const [before, after] = [filtersOf(info.config), desired.fields.filter_subjects];
  const added = beyond(after, before);
  const removed = beyond(before, after);
  if (added.length === 0 && removed.length === 0) return [];
  if (isQueue(stream)) {
    return removed.map(({ filter }) => ({
      what: 'left-behind',
      role,
      subject: filter,
      count: queued(info),
      atMost: true,
    }));
  }
  const next = info.delivered.stream_seq + 1;
  const skippedTo = await furthestPosition(link, subject);
  const only = async (filter: string, shared: readonly string[], from: number): Promise<number | null> => {
    const whole = await countFrom(link, stream, [filter], from);
    const part = shared.length === 0 ? 0 : await countFrom(link, stream, shared, from);
    return whole === null || part === null ? null : whole - part;
  };
  const out: Consequence[] = [];
  for (const { filter, shared } of added) {
    const all = await only(filter, shared, 1);
    const ahead = await only(filter, shared, skippedTo + 1);
    const found = all === null || ahead === null ? null : all - ahead;
    const atMost = skippedTo >= next ? { atMost: true } : {};
    out.push({ what: 'skipped', role, subject: filter, count: found, ...atMost });
  }
  for (const { filter, shared } of removed) {
    out.push({ what: 'left-behind', role, subject: filter, count: await only(filter, shared, next) });
  }
  return out;
}

/**
 * The last sequence that the consumer may have passed. A single server tells it; of a replicated consumer it
 * tells the last delivery, and what was passed over since then is known up to the next message to deliver.
 */
async function furthestPosition(link: Link, { stream, info }: ConsumerSubject): Promise<number> {
  const delivered = info.delivered.stream_seq;
  if (stream.config.num_replicas === 1) return delivered;
  if (info.num_pending === 0) return Math.max(delivered, stream.state.last_seq);
  const next = await Promise.all(
    filtersOf(info.config).map((filter) => link.readNext(stream.config.name, filter, delivered + 1)),
  );
  const seqs = next.flatMap((found) => (found ? [found.seq] : []));
  return seqs.length === 0 ? delivered : Math.max(delivered, Math.min(...seqs) - 1);
}
