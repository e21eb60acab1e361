import type { Origin } from '../domain/key.js';
import { filtersChangedKey } from '../domain/ownership.js';
import { subjectMatches } from '../domain/subjects.js';
import { compareNanos, isoOfNanos, msOfNanos, type Nanos, nanosOfRfc3339 } from '../domain/time.js';
import type { ConsumerInfo, StreamInfo } from '../nats/objects.js';

/** A consumer as the server describes it, as far as it decides what its past proves. */
type Reader = Pick<ConsumerInfo, 'created'> & {
  readonly config: Pick<
    ConsumerInfo['config'],
    'filter_subject' | 'filter_subjects' | 'deliver_policy' | 'metadata'
  >;
};

/** What of the journal's state says how far back it reaches. */
export type JournalReach = Pick<StreamInfo, 'created'> & {
  readonly state: Pick<StreamInfo['state'], 'first_seq' | 'first_ts' | 'messages'>;
};

interface EventFacts {
  readonly subject: string;
  readonly time: Nanos;
}

/**
 * A consumer is past an event, and there is no record of it. Undefined: then it was processed at the first attempt.
 * Else why that can't be known.
 */
export function whyNobodyKnows(
  event: EventFacts,
  info: Reader,
  journal: JournalReach | undefined,
): string | undefined {
  return unrecorded(event, journal) ?? undelivered(event, info);
}

/** The journal does not reach back to the event, so that its records may be gone, or were never written. */
function unrecorded({ time }: EventFacts, journal: JournalReach | undefined): string | undefined {
  if (!journal) return 'there is no journal';
  const { created, state } = journal;
  const made = nanosOfRfc3339(created);
  if (made !== undefined && compareNanos(time, made) < 0) {
    return `the journal was created at ${isoOfNanos(made)}, after the event`;
  }
  // Nothing has left it yet.
  if (state.first_seq <= 1) return undefined;
  const first = nanosOfRfc3339(state.first_ts);
  if (state.messages > 0 && first !== undefined && compareNanos(first, time) <= 0) return undefined;
  return state.messages > 0 && first !== undefined
    ? `the journal begins at ${isoOfNanos(first)}, after the event`
    : 'the journal has been emptied since';
}

/** That the consumer is past it does not say that it was delivered. */
function undelivered({ subject, time }: EventFacts, info: Reader): string | undefined {
  const { config, created } = info;
  const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
  if (filters.length > 0 && !filters.some((filter) => subjectMatches(filter, subject))) {
    return `the consumer's filters do not match it now (${filters.join(', ')})`;
  }
  const made = nanosOfRfc3339(created);
  const isOlder = made !== undefined && compareNanos(time, made) < 0;
  if (isOlder && (config.deliver_policy === 'last' || config.deliver_policy === 'last_per_subject')) {
    return `the consumer was created at ${isoOfNanos(made)}, after the event, and started with the last of each subject`;
  }
  const changed = nanosOfRfc3339(config.metadata?.[filtersChangedKey] ?? '');
  if (changed !== undefined && compareNanos(time, changed) < 0) {
    return `the consumer's filters were changed at ${isoOfNanos(changed)}, after the event`;
  }
  return undefined;
}

/** A consumer as far as it says where it begins. */
type Beginning = Pick<ConsumerInfo, 'created'> & {
  readonly config: Pick<ConsumerInfo['config'], 'deliver_policy' | 'opt_start_time' | 'opt_start_seq'>;
};

/** A consumer never gets what is older than its beginning; its floor does not tell that from processed. */
export function isBeforeStart({ config, created }: Beginning, event: Pick<Origin, 'seq' | 'time'>): boolean {
  const storedMs = msOfNanos(event.time);
  if (config.deliver_policy === 'new') return storedMs < Date.parse(created);
  if (config.deliver_policy === 'by_start_time') return storedMs < Date.parse(config.opt_start_time ?? '');
  return config.deliver_policy === 'by_start_sequence' && event.seq < (config.opt_start_seq ?? 0);
}
