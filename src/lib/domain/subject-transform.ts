import { filterContains, filtersOverlap } from './subjects.js';

/** What a stream makes of subjects before it stores their messages. Empty `src`: of all. */
export interface SubjectTransform {
  readonly src?: string;
  readonly dest: string;
}

/** The subjects that messages of a stream are stored under. */
export function subjectsStored(
  subjects: readonly string[],
  { src = '', dest }: SubjectTransform,
): readonly string[] {
  const from = src === '' ? '>' : src;
  const to = filterOf(dest);
  const stored = subjects.flatMap((subject) => {
    if (filterContains(from, subject)) return [to];
    return filtersOverlap(subject, from) ? [subject, to] : [subject];
  });
  return [...new Set(stored)];
}

/** With a wildcard for each token that depends on the subject, and for all that one of them can be. */
function filterOf(dest: string): string {
  const tokens: string[] = [];
  // Within {{…}} there may be points.
  for (const token of dest.match(/(?:\{\{.*?\}\}|[^.])+/g) ?? []) {
    if (/\{\{\s*(?:split|slice)/i.test(token)) return [...tokens, '>'].join('.');
    tokens.push(/\{\{|^\$\d/.test(token) ? '*' : token);
  }
  return tokens.join('.');
}
