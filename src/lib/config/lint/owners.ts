import type { EventType, PipelineConfig } from '../resolved.js';
import { formatPath } from '../validation/problems.js';
import type { LintFinding } from './finding.js';

/** One thing has one publisher: nobody else knows when it has happened, or in which order. */
export function lintOwners({ events }: PipelineConfig): LintFinding[] {
  if (events.every(({ owner }) => owner === undefined)) return [];
  return events.flatMap((event) => [...ofOne(event), ...ofThing(event, events)]);
}

function ofOne({ type, owner }: EventType): LintFinding[] {
  if (owner === undefined) {
    const message = 'other types have an owner, and this one has none';
    return [{ path: formatPath(['events', type]), rule: 'no-owner', message }];
  }
  const names = owner.split(/\s*(?:,|;|&|\+|\||\/|\band\b)\s*/).filter((name) => name !== '');
  return names.length < 2 ? [] : [several(type, `"${owner}" names ${names.length} services`)];
}

/** `user.created` and `user.deleted` are about one thing; each is told at the later of the two. */
function ofThing(event: EventType, events: readonly EventType[]): LintFinding[] {
  const about = thingOf(event);
  const earlier = events.slice(0, events.indexOf(event));
  const other = earlier.find(
    (one) => thingOf(one) === about && one.owner !== undefined && one.owner !== event.owner,
  );
  if (about === undefined || event.owner === undefined || other === undefined) return [];
  return [several(event.type, `${event.owner} publishes it, and ${other.owner} publishes ${other.type}`)];
}

function thingOf({ type }: EventType): string | undefined {
  const end = type.lastIndexOf('.');
  return end === -1 ? undefined : type.slice(0, end);
}

function several(type: string, found: string): LintFinding {
  return {
    path: formatPath(['events', type, 'owner']),
    rule: 'several-owners',
    message: `${found}: what is about one thing should be published by one service`,
  };
}
