import { refuseTexts } from '../../domain/given.js';
import type { PipelineConfig } from '../../config/resolved.js';
import { closest } from '../../domain/closest.js';
import { escapeLine } from '../../domain/escape.js';
import {
  filterContains,
  filterFault,
  filtersOverlap,
  isFilter,
  shortened,
  subjectMatches,
} from '../../domain/subjects.js';
import { typesMeant } from './types-meant.js';
import { UsageError } from '../../errors.js';

/** Which subjects of the events stream are meant. */
export interface SubjectsMeant {
  /** As they are meant: none is part of another one. */
  readonly subjects: readonly string[];
  /** What the server is asked for; no two of them overlap. It may be more than is meant. */
  readonly filters: readonly string[];
  /** Is this subject meant? Undefined: all that the server gives are. */
  readonly matches: ((subject: string) => boolean) | undefined;
}

type Known = Pick<PipelineConfig, 'events' | 'streams' | 'eventsRoot'>;

/** More are sorted out here: for each message, and to refuse overlaps, the server looks at all of them. */
const mostFilters = 100;

/**
 * Subjects as people name them: event types of the config, subjects, and subjects with wildcards. None: all events.
 *
 * Throws UsageError `UNKNOWN_SUBJECT` for one that is no subject, or that the events stream can't store.
 */
export function subjectsMeant(config: Known, named: readonly string[] = []): SubjectsMeant {
  const meant = subjectsNamed(config, named);
  for (const one of meant) refuseUnknown(config, one);
  if (meant.length === 0)
    return { subjects: config.streams.events.subjects, filters: ['>'], matches: undefined };
  const subjects = withoutParts(meant);
  const few = subjects.length <= mostFilters && !anyOverlap(subjects);
  return few
    ? { subjects, filters: subjects, matches: undefined }
    : { subjects, filters: ['>'], matches: matcherOf(subjects) };
}

/** Types of the config as their subjects, and each once. */
export function subjectsNamed({ events }: Pick<Known, 'events'>, named: readonly string[]): string[] {
  refuseTexts('subjects', named);
  const types = new Map(events.map(({ type, subject }) => [type, subject]));
  return [...new Set(named.map((one) => types.get(one) ?? one))];
}

/** No subject that another one with wildcards contains. */
export function withoutParts(subjects: readonly string[]): string[] {
  const wide = subjects.filter(hasWildcard);
  return subjects.filter((one) => !wide.some((other) => other !== one && filterContains(other, one)));
}

function anyOverlap(subjects: readonly string[]): boolean {
  const wide = subjects.filter(hasWildcard);
  return wide.some((one) => subjects.some((other) => other !== one && filtersOverlap(one, other)));
}

function matcherOf(subjects: readonly string[]): (subject: string) => boolean {
  const exact = new Set(subjects);
  const wide = subjects.filter(hasWildcard);
  return (subject) => exact.has(subject) || wide.some((filter) => subjectMatches(filter, subject));
}

function hasWildcard(subject: string): boolean {
  return subject.split('.').some((token) => token === '*' || token === '>');
}

/** @throws UsageError `UNKNOWN_SUBJECT` */
export function refuseNoSubject(text: string): void {
  if (isFilter(text)) return;
  throw new UsageError(
    `expected a subject like events.totp.requested or events.totp.>, or an event type, found "${escapeLine(shortened(text))}": ${filterFault(text)}`,
    facts,
  );
}

const facts = { code: 'UNKNOWN_SUBJECT' };

function refuseUnknown(config: Known, subject: string): void {
  const { name, subjects } = config.streams.events;
  refuseNoSubject(subject);
  if (subjects.some((one) => filtersOverlap(one, subject))) return;
  const known = config.events.flatMap((event) => [event.type, event.subject]);
  const near = closest(subject, known);
  const hint = typesMeant(config, subject) ?? (near === undefined ? undefined : `did you mean ${near}?`);
  throw new UsageError(
    `no event has the subject ${escapeLine(subject)}: the stream ${name} stores ${subjects.join(', ')}`,
    { ...facts, suggestions: hint === undefined ? [] : [hint] },
  );
}
