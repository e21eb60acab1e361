import type { ConfigProblem } from '../errors.js';
import { formatPath } from './problems.js';
import { streamRoles } from './resolve.js';
import type { ParsedConfig } from './schema.js';

/** What a config may say, but can lose events. */
export function warningsOf(parsed: ParsedConfig): ConfigProblem[] {
  return [...evictions(parsed), ...memory(parsed)];
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
