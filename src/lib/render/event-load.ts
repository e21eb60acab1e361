import { formatDuration } from '../domain/duration.js';
import { escapeLine } from '../domain/escape.js';
import type { EventLoad, Latencies, LoadSoFar } from '../events/load/load-options.js';
import type { EventLoadPlan } from '../events/load/plan-load.js';
import type { Colors } from './colors.js';

/** What is about to be sent, and who will be given it. */
export function renderLoadPlan(plan: EventLoadPlan): string {
  const { subject, server, rate, durationMs, events, bytes, consumers } = plan;
  const speed = rate === 'max' ? 'as fast as it can' : `${rate}/s`;
  const total = events === null ? 'events' : `${counted(events)} events`;
  const what = `load ${escapeLine(subject)} on ${server}: ${speed} for ${formatDuration(durationMs)}, ${total} of ${counted(bytes)} bytes`;
  const read = consumers.map(escapeLine).join(', ');
  if (consumers.length === 0) return `${what}\nno consumer of the config reads them`;
  return `${what}\n${consumers.length === 1 ? '1 consumer reads' : `${consumers.length} consumers read`} them, and runs its handler on each: ${read}`;
}

/** One line that changes: how far a load is. */
export function renderLoading({ elapsedMs, durationMs, sent, errors, stored, p99 }: LoadSoFar): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  const rate = elapsedMs > 0 ? Math.round((stored / elapsedMs) * 1000) : 0;
  const failed = errors === 0 ? '' : `, ${counted(errors)} errors`;
  const slow = p99 === null ? '' : `, p99 ${milliseconds(p99)}`;
  return `${seconds}s of ${formatDuration(durationMs)}: ${counted(sent)} sent, ${counted(rate)}/s${slow}${failed}`;
}

/** What a load measured. */
export function renderLoad(load: EventLoad, colors: Colors): string {
  const { sent, stored, duplicates, errors, seconds, rate, publishMs, endToEndMs, problems } = load;
  const rows: (readonly [string, string])[] = [
    ['sent', counted(sent)],
    ['stored', counted(stored)],
    ['duplicates', counted(duplicates)],
    ['errors', errors === 0 ? '0' : colors.red(counted(errors))],
    ...problems.map(({ count, message }) => ['', `${counted(count)}: ${escapeLine(message)}`] as const),
    ['rate', `${colors.bold(`${counted(rate)}/s`)} over ${seconds}s`],
    ['publish', latencies(publishMs)],
    ...(load.received === null ? [] : [['end to end', latencies(endToEndMs)] as const]),
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value}`).join('\n');
}

/** What kept it from its rate, and what to make of that; undefined: nothing. */
export function renderLimit({ limit, late, stored, received }: EventLoad): string | undefined {
  const lines: string[] = [];
  if (limit === 'machine') {
    lines.push(
      `this machine is the limit: ${counted(late)} events were sent more than 10 ms late, or not any more; the latencies count that. Lower the rate, or share it among machines`,
    );
  }
  if (limit === 'server')
    lines.push('the server is the limit: its answers came too late to go on at this rate');
  if (received !== null && received < stored) {
    lines.push(`${counted(stored - received)} stored events did not arrive here in time`);
  }
  return lines.length === 0 ? undefined : lines.join('\n');
}

function latencies(found: Latencies | null): string {
  if (found === null) return 'nothing was measured';
  return (['p50', 'p90', 'p99', 'max'] as const)
    .map((name) => `${name} ${milliseconds(found[name])}`)
    .join(', ');
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}
