import { unexpected } from '../../domain/given.js';
import type { EventType, PipelineConfig } from '../../config/resolved.js';
import { closest } from '../../domain/closest.js';
import { escapeLine } from '../../domain/escape.js';
import { filterContains, isSubject, shortened, subjectFault, subjectMatches } from '../../domain/subjects.js';
import { UsageError } from '../../errors.js';

/** Where an event goes. */
export type Destination = Pick<
  EventType,
  'type' | 'subject' | 'template' | 'schema' | 'encrypt' | 'maxBytes' | 'deprecated'
>;

type Known = Pick<PipelineConfig, 'events' | 'eventsRoot' | 'streams'>;

/**
 * The destination of an event type, or of a full subject within the events stream.
 *
 * A type of the config comes first, then the subject of one, then any subject that the events stream stores. A
 * config without event types takes every type, at `<root of the events stream>.<type>`.
 *
 * @throws UsageError `UNKNOWN_EVENT_TYPE`
 */
export function findDestination(config: Known, typeOrSubject: string): Destination {
  if (typeof typeOrSubject !== 'string')
    throw unexpected('type', 'an event type or a subject', typeOrSubject);
  const known =
    config.events.find(({ type }) => type === typeOrSubject) ??
    config.events.find(({ subject, template }) => template === undefined && subject === typeOrSubject);
  if (known !== undefined) return known;
  const withParts = isSubject(typeOrSubject)
    ? config.events.find(({ subject }) => subjectMatches(subject, typeOrSubject))
    : undefined;
  if (withParts !== undefined) {
    const { template: _template, ...plain } = withParts;
    return { ...plain, subject: typeOrSubject };
  }
  if (isStored(config, typeOrSubject)) {
    return { type: typeOf(config, typeOrSubject), subject: typeOrSubject };
  }
  const subject = `${config.eventsRoot}.${typeOrSubject}`;
  if (config.events.length === 0 && isStored(config, subject)) return { type: typeOrSubject, subject };
  throw unknownType(config, typeOrSubject);
}

function isStored(config: Known, subject: string): boolean {
  return isSubject(subject) && config.streams.events.subjects.some((one) => filterContains(one, subject));
}

function typeOf({ eventsRoot }: Known, subject: string): string {
  return subject.startsWith(`${eventsRoot}.`) ? subject.slice(eventsRoot.length + 1) : subject;
}

const listedTypes = 10;

function unknownType(config: Known, found: string): UsageError {
  const stored = config.streams.events.subjects.join(', ');
  const shown = `"${escapeLine(shortened(found))}"`;
  const facts = { code: 'UNKNOWN_EVENT_TYPE' };
  if (!isSubject(found)) {
    return new UsageError(
      `expected an event type, or a subject within ${stored}, found ${shown}: ${subjectFault(found)}`,
      facts,
    );
  }
  const types = config.events.map(({ type }) => type);
  if (types.length === 0) return new UsageError(`expected a subject within ${stored}, found ${shown}`, facts);
  const more = types.length > listedTypes ? `, and ${types.length - listedTypes} more` : '';
  const near = closest(found, [...types, ...config.events.map(({ subject }) => subject)]);
  const full = `${config.eventsRoot}.${found}`;
  return new UsageError(
    `unknown event type ${shown}: the config has ${types.slice(0, listedTypes).join(', ')}${more}`,
    {
      ...facts,
      suggestions: [
        ...(near === undefined ? [] : [`did you mean "${near}"?`]),
        `add it to "events" of the config${isStored(config, full) ? `, or name its full subject: ${full}` : ''}`,
      ],
    },
  );
}
