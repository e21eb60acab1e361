import { unexpected } from '../../domain/given.js';
import { escapeLine } from '../../domain/escape.js';
import { isFilter, isSubject, shortened, subjectFault, subjectMatches } from '../../domain/subjects.js';
import { UsageError } from '../../errors.js';

/** Where each subject goes. */
export interface SubjectMapping {
  /** What it is for; undefined: any subject. */
  readonly from: string | undefined;
  /** All that it can lead to, as a subject or a filter. */
  readonly to: string;
  /** Undefined: it is not for this subject. */
  readonly map: (subject: string) => string | undefined;
}

/**
 * `load.all`: all go to one subject. `events.>=load.>`, `events.*.created=copy.*.new`: what a wildcard stands for is put in
 * place of the same one on the other side, in order.
 *
 * @throws UsageError `BAD_MAPPING`
 */
export function readMapping(text: string): SubjectMapping {
  if (typeof text !== 'string') throw unexpected('to', 'a subject, or <from>=<to>', text);
  const at = text.indexOf('=');
  if (at < 0) {
    if (!isSubject(text)) throw bad(text, `expected a subject, or <from>=<to>; ${subjectFault(text)}`);
    return { from: undefined, to: text, map: () => text };
  }
  const [from, to] = [text.slice(0, at), text.slice(at + 1)];
  for (const side of [from, to])
    if (!isFilter(side))
      throw bad(
        text,
        `expected a subject, or one with * or > at its end, found "${escapeLine(shortened(side))}"`,
      );
  const wild = to.split('.').filter(isWildcard);
  const available = from.split('.').filter(isWildcard);
  const missing = available.filter((one) => one === '*').length < wild.filter((one) => one === '*').length;
  if (missing || (wild.includes('>') && !available.includes('>')))
    throw bad(text, `${escapeLine(to)} has wildcards that ${escapeLine(from)} does not have`);
  return {
    from,
    to,
    map: (subject) => (subjectMatches(from, subject) ? fill(from, to, subject) : undefined),
  };
}

/** Each event keeps its subject. */
export const sameSubjects: SubjectMapping = { from: undefined, to: '>', map: (subject) => subject };

function fill(from: string, to: string, subject: string): string {
  const tokens = subject.split('.');
  const stars: string[] = [];
  let rest: string[] = [];
  for (const [i, part] of from.split('.').entries()) {
    if (part === '*') stars.push(tokens[i] ?? '');
    if (part === '>') rest = tokens.slice(i);
  }
  return to
    .split('.')
    .flatMap((part) => (part === '*' ? [stars.shift() ?? ''] : part === '>' ? rest : [part]))
    .join('.');
}

function isWildcard(token: string): boolean {
  return token === '*' || token === '>';
}

function bad(text: string, why: string): UsageError {
  return new UsageError(`the mapping ${escapeLine(shortened(text))}: ${why}`, {
    code: 'BAD_MAPPING',
    suggestions: ["for example 'events.>=load.>', or one subject for all: load.all"],
  });
}
