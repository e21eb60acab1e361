import { type PipelineConfig, readersOf } from '../../config/resolved.js';
import { subjectMatches } from '../../domain/subjects.js';
import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import { filtersOf } from '../../topology/diff/fields.js';
import type { Problem, Warning } from '../verification.js';

/**
 * What left the events stream before a consumer was given it. The server shows it only while nothing newer was delivered:
 * no sequence above the last one delivered was given to the consumer, and those below the stream's first are gone. It
 * keeps no subject of what is gone. So a consumer that reads every type of event has lost what is gone. One that reads
 * some of them may have lost less, or nothing: that is not said where a worker pulls from it, and mostly gets all. One that is younger
 * than the stream may have had a predecessor of its name, which had what is gone.
 *
 * Streams are read before consumers: a consumer that goes on meanwhile makes the number smaller, never larger.
 */
export function checkExpired(
  config: PipelineConfig,
  streams: ReadonlyMap<string, StreamInfo>,
  consumers: readonly ConsumerInfo[],
): { readonly problems: readonly Problem[]; readonly warnings: readonly Warning[] } {
  const { name: stream } = config.streams.events;
  const state = streams.get(stream);
  const first = state?.state.first_seq ?? 0;
  const readers = new Set(readersOf(config).map(({ name }) => name));
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  for (const info of consumers) {
    if (info.stream_name !== stream || !readers.has(info.name)) continue;
    const from = info.delivered.stream_seq + 1;
    if (first <= from) continue;
    const gone = goneText(stream, from, first - 1);
    const warn = (why: string): void =>
      void warnings.push({ kind: 'behind', detail: `${info.name}: ${gone}. ${why}` });
    if (!readsAll(config, info)) {
      if ((info.num_waiting ?? 0) === 0) warn("It is unknown how much of it was on the consumer's subjects");
    } else if (mayHoldNotes(state)) {
      warn('It is unknown whether it was events, or delete markers and schedules of the server');
    } else if (!isAsOldAs(info, state)) {
      warn(
        `What was stored before it was created (${info.created}) may have gone to an earlier consumer of that name`,
      );
    } else {
      const detail = `${gone}: the events among that are lost to the consumer`;
      problems.push({ kind: 'event-lost', consumer: info.name, stream, detail, repairable: false });
    }
  }
  return { problems, warnings };
}

function mayHoldNotes(stream: StreamInfo | undefined): boolean {
  const { subject_delete_marker_ttl: markers = 0, allow_msg_schedules: schedules = false } = {
    ...stream?.config,
  };
  return markers > 0 || schedules;
}

/** Both are made by one apply. */
const togetherMs = 10_000;

function isAsOldAs({ created }: ConsumerInfo, stream: StreamInfo | undefined): boolean {
  return Date.parse(created) - Date.parse(stream?.created ?? '') <= togetherMs;
}

function goneText(stream: string, from: number, to: number): string {
  const what = from === to ? `1 message (${from})` : `${to - from + 1} messages (${from} to ${to})`;
  return `${what} left ${stream}, by age, a limit or a deletion, without being delivered to it`;
}

function readsAll({ events }: PipelineConfig, { config }: ConsumerInfo): boolean {
  const filters = filtersOf(config);
  return events.every(({ subject }) => filters.some((filter) => subjectMatches(filter, subject)));
}
