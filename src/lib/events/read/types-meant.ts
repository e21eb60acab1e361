import type { PipelineConfig } from '../../config/resolved.js';
import { escapeLine } from '../../domain/escape.js';
import { filtersOverlap, isFilter, subjectMatches } from '../../domain/subjects.js';

type Known = Pick<PipelineConfig, 'events' | 'eventsRoot'>;

const mostNamed = 3;

/**
 * What would match in place of a subject that no event type of the config has, where it reads like a name or a pattern
 * of types: `order.*` for the subjects `events.order.*`. Undefined: it matches some, or is like none.
 */
export function typesMeant({ events, eventsRoot }: Known, named: string): string | undefined {
  if (!isFilter(named) || events.some(({ subject }) => filtersOverlap(subject, named))) return undefined;
  // A token more, and the subjects of the types are below it.
  const patterns = [named, ...(named.endsWith('>') ? [] : [`${named}.>`])];
  for (const pattern of patterns) {
    const ofTypes = events.filter(({ type }) => subjectMatches(pattern, type));
    const below = `${eventsRoot}.${pattern}`;
    if (ofTypes.length > 0) {
      const isWhole = ofTypes.every(({ subject }) => filtersOverlap(below, subject));
      return isWhole ? meant(below, ofTypes) : meantTypes(ofTypes);
    }
    const ofSubjects = events.filter(({ subject }) => filtersOverlap(pattern, subject));
    if (ofSubjects.length > 0) return meant(pattern, ofSubjects);
  }
  return undefined;
}

/** The same as a sentence about it, for whoever gets no events for it. */
export function nothingMeant(config: Known, named: string): string | undefined {
  const hint = typesMeant(config, named);
  return hint && escapeLine(`no event type of the config has the subject ${named}: ${hint}`);
}

function meant(subject: string, types: Known['events']): string {
  return subject === types[0]?.subject && types.length === 1
    ? `did you mean ${subject}?`
    : `did you mean ${subject}? It matches ${names(types)}`;
}

function meantTypes(types: Known['events']): string {
  return `patterns are of subjects, not of types; did you mean ${names(types, ' ')}?`;
}

function names(types: Known['events'], between = ', '): string {
  const shown = types.slice(0, mostNamed).map(({ type }) => type);
  const more = types.length - shown.length;
  return shown.join(between) + (more > 0 ? ` and ${more} more` : '');
}
