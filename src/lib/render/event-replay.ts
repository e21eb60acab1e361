import { escapeLine } from '../domain/escape.js';
import { inUtc } from '../domain/time.js';
import type { EventReplayPlan, ReplayTarget } from '../events/replay/plan-replay.js';
import type { EventReplay, ReplaySoFar } from '../events/replay/replay-options.js';

/** What will be read, and whom that concerns. */
export function renderEventReplayPlan(plan: EventReplayPlan): string {
  const { subjects, server, since, fromSeq, until, events, target } = plan;
  const from =
    since === null ? (fromSeq === null ? 'from the oldest' : `from ${fromSeq}`) : `since ${inUtc(since)}`;
  const to = until === null ? '' : ` until ${inUtc(until)}`;
  const many = events === null ? 'events' : events === 1 ? '1 event' : `${counted(events)} events`;
  const read = `replay ${many} of ${subjects.map(escapeLine).join(', ')} on ${server}, ${from}${to}`;
  return target === null ? read : `${read}\n${targetText(target)}`;
}

function targetText({ subject, server, consumers, ids }: ReplayTarget): string {
  const to = `to ${escapeLine(subject)} on ${server}, ${ids === null ? 'with their message ids' : `message ids ${escapeLine(ids)}-…`}`;
  if (consumers === null) return `${to}\nwhich consumers read them there can't be seen`;
  if (consumers.length === 0) return `${to}\nno consumer reads them there`;
  const names = consumers.map(escapeLine).join(', ');
  return `${to}\n${consumers.length === 1 ? '1 consumer reads' : `${consumers.length} consumers read`} them there, and will be given each: ${names}`;
}

/** One line that changes: how far it is. */
export function renderReplaying(
  { read, failed, seq, time }: ReplaySoFar,
  { events }: EventReplayPlan,
): string {
  const of = events === null ? '' : ` of ${counted(Math.max(events, read))}`;
  return `${counted(read)}${of} read, at ${seq} of ${inUtc(time)}${failed === 0 ? '' : `, ${counted(failed)} failed`}`;
}

/** What became of it. `done`: in a word, of what was done with each. */
export function renderEventReplay(replay: EventReplay, done: string): string {
  const { read, written, failed, duplicates, firstSeq, lastSeq, seconds, problems, stopped } = replay;
  if (read === 0) return stopped === null ? 'no events' : 'nothing was read';
  const again = duplicates === 0 ? '' : `, ${counted(duplicates)} of them were there already`;
  const bad = failed === 0 ? '' : `, ${counted(failed)} failed`;
  return [
    `${counted(read)} read, ${counted(written)} ${done}${again}${bad}: ${firstSeq} to ${lastSeq ?? 'none'}, in ${seconds}s`,
    ...problems.map(
      ({ count, message, seq }) => `  ${counted(count)} from ${seq} on: ${escapeLine(message)}`,
    ),
  ].join('\n');
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}
