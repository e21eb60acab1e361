import type { ConfigProblem } from '../../errors.js';
import { formatDuration } from '../../domain/duration.js';
import { formatPath, type Path } from './problems.js';
import { maxAgeOf, streamRoles } from '../resolve.js';
import { retryAckWaitMs } from '../resolved.js';
import type { ParsedConfig } from '../schema/schema.js';

/** What a config may say, but can lose events. */
export function warningsOf(parsed: ParsedConfig): ConfigProblem[] {
  return [
    ...evictions(parsed),
    ...memory(parsed),
    ...journalLife(parsed),
    ...retryLife(parsed),
    ...deadLetterLife(parsed),
    ...evenReplicas(parsed),
  ];
}

function evictions({ streams }: ParsedConfig): ConfigProblem[] {
  const lost = {
    events: 'events that were not processed yet',
    advisories: 'the records of failures that were not routed yet',
  };
  return (['events', 'advisories'] as const).flatMap((role) =>
    (['maxBytes', 'maxMsgs'] as const)
      .filter((limit) => streams[role][limit] !== undefined && streams[role].discard === 'old')
      .map((limit) => ({
        path: formatPath(['streams', role, limit]),
        message: `this limit can evict ${lost[role]}; discard: "new" refuses new messages instead`,
      })),
  );
}

function memory({ streams }: ParsedConfig): ConfigProblem[] {
  return streamRoles
    .filter((role) => streams[role].storage === 'memory')
    .map((role) => ({
      path: formatPath(['streams', role, 'storage']),
      message: 'what is kept in memory is lost when the server stops',
    }));
}

/** Once an event outlives its records, it is unknown what became of it. */
function journalLife({ streams }: ParsedConfig): ConfigProblem[] {
  const [eventsMs, journalMs] = [maxAgeOf(streams.events), maxAgeOf(streams.advisories)];
  if (journalMs === 0 || (eventsMs > 0 && journalMs >= eventsMs)) return [];
  const life = eventsMs === 0 ? 'forever' : formatDuration(eventsMs);
  return [
    {
      path: formatPath(['streams', 'advisories', 'maxAge']),
      message: `the journal keeps ${formatDuration(journalMs)}, and events live longer (streams.events.maxAge: ${life}): what became of an event can be forgotten while the event is still there`,
    },
  ];
}

function deadLetterLife({ streams }: ParsedConfig): ConfigProblem[] {
  const ms = maxAgeOf(streams.dlq);
  if (ms === 0) return [];
  return [
    {
      path: formatPath(['streams', 'dlq', 'maxAge']),
      message: `dead letters that nobody replays, archives or discards within ${formatDuration(ms)} are removed, and with them the way to bring their events back`,
    },
  ];
}

/** The ack wait of the retry stage is not for the config to say. */
function retryLife({ streams, consumers }: ParsedConfig): ConfigProblem[] {
  if (!Object.values(consumers).some((one) => one.external !== true)) return [];
  const lost = {
    events: 'its event is gone',
    advisories: 'the journal has forgotten that it was tried',
  };
  return (['events', 'advisories'] as const)
    .filter((role) => maxAgeOf(streams[role]) > 0 && maxAgeOf(streams[role]) <= retryAckWaitMs)
    .map((role) => ({
      path: formatPath(['streams', role, 'maxAge']),
      message: `a retry whose worker died is delivered again after ${formatDuration(retryAckWaitMs)}: by then ${lost[role]}`,
    }));
}

/** A majority of an even number is as many as of the odd number above it. */
function evenReplicas(parsed: ParsedConfig): ConfigProblem[] {
  const warning = (path: Path, count: number): ConfigProblem => ({
    path: formatPath(path),
    message: `${count} replicas survive the loss of no more nodes than ${count - 1} would, but need one more to be up; use ${count + 1} or ${count - 1}`,
  });
  const isEven = (count: number | undefined): count is number => count === 2 || count === 4;
  return [
    ...(isEven(parsed.replicas) ? [warning(['replicas'], parsed.replicas)] : []),
    ...streamRoles.flatMap((role) => {
      const { replicas } = parsed.streams[role];
      return isEven(replicas) ? [warning(['streams', role, 'replicas'], replicas)] : [];
    }),
  ];
}
