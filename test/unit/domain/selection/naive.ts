import { codesIn } from '../../../../src/lib/domain/selection/codes.js';
import { spanOfMoment } from '../../../../src/lib/domain/moment.js';
import type { Selectable } from '../../../../src/lib/domain/selection/match.js';
import type { Comparison, Pattern, Selection, Term } from '../../../../src/lib/domain/selection/selection.js';
import { nowMs } from './arbitraries.js';

/** What a selection means, said as plainly as can be: each term by itself, wildcards by regular expressions. */
export function naivelyMatches({ terms }: Selection, selectable: Selectable): boolean {
  return terms.every((term) => {
    const values = looksAt(term, selectable);
    if (values === 'unknown') return false;
    const holds = values.some((value) => term.values.some((wanted) => fits(term, wanted, value, selectable)));
    return term.not ? !holds : holds;
  });
}

export const typeOf = (subject: string): string => subject.replace(/^events\./, '');

/** Tasks found those of even numbers. */
export const tasksOf = (id: string): string[] => (Number(id.split('/')[1]) % 2 === 0 ? ['a', 'b'] : []);

function looksAt(
  term: Term,
  { letter, pointer, archived, state, event }: Selectable,
): (string | number)[] | 'unknown' {
  const deadMs = Date.parse(letter.deadAt);
  switch (term.key) {
    case 'consumer':
    case 'subject':
    case 'reason':
    case 'cycle':
    case 'seq':
      return [letter[term.key]];
    case 'type':
      return [typeOf(letter.subject)];
    case 'group':
    case 'fingerprint':
      return [letter.fingerprint];
    case 'name':
      return [pointer ? pointer.failure.name : 'Error'];
    case 'code':
      if (pointer?.failure.code !== undefined) return [pointer.failure.code];
      return codesIn(pointer ? pointer.failure.message : letter.reason);
    case 'kind':
      return [pointer ? pointer.failure.kind : 'malformed'];
    case 'age':
      return [nowMs - deadMs];
    case 'dead':
      return [deadMs];
    case 'attempts':
      return [letter.attempts.main + letter.attempts.retry];
    case 'task':
      return tasksOf(letter.id);
    case 'status':
      return [archived === undefined ? 'dead' : 'archived'];
    case 'original':
      return state ? [state.original] : 'unknown';
    case 'expires':
      if (state?.original !== 'present') return 'unknown';
      return [state.originalExpiresAt === null ? Infinity : Date.parse(state.originalExpiresAt) - nowMs];
    case 'header':
      return event ? headersNamed(event.headers, term.path ?? '') : 'unknown';
    default:
      return event ? found(event.data, (term.path ?? '').split('.')) : 'unknown';
  }
}

function headersNamed(headers: Readonly<Record<string, readonly string[]>>, name: string): string[] {
  return Object.keys(headers)
    .filter((one) => one.toLowerCase() === name.toLowerCase())
    .flatMap((one) => [...(headers[one] ?? [])]);
}

/** Data in tests is flat enough for all its paths to be written down. */
function found(data: unknown, path: readonly string[], at = 0): (string | number)[] {
  if (Array.isArray(data) && /^\d+$/.test(path[at] ?? '')) return found(data[Number(path[at])], path, at + 1);
  if (Array.isArray(data))
    return data.filter((one) => !Array.isArray(one)).flatMap((one) => found(one, path, at));
  if (at === path.length) {
    if (typeof data === 'string' || typeof data === 'number') return [data];
    if (typeof data === 'boolean') return [data ? 'true' : 'false'];
    return data === undefined ? [] : [data === null ? 'null' : '{…}'];
  }
  const entries = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  return entries.filter(([key]) => key === path[at]).flatMap(([, value]) => found(value, path, at + 1));
}

type Wanted = Term['values'][number];

function fits(term: Term, wanted: Wanted, value: string | number, { letter }: Selectable): boolean {
  if (wanted.is === 'number') return typeof value === 'number' && passes(wanted.comparison, value);
  if (wanted.is === 'moment') return typeof value === 'number' && passesMoment(wanted.comparison, value);
  const { pattern } = wanted;
  const text = String(value);
  switch (term.key) {
    case 'reason':
      return like(pattern, '', '').test(text.toLowerCase()) || pattern.join('\0') === letter.fingerprint;
    case 'name':
    case 'code':
      return like(pattern, '^', '$').test(text.toLowerCase());
    case 'group':
    case 'fingerprint':
      return pattern.length === 1 ? text.startsWith(pattern[0] ?? '') : likeExactly(pattern).test(text);
    case 'subject':
      return new RegExp(`^${pattern.join('*').split('.').map(tokenLike).join('\\.')}$`, 'su').test(text);
    default:
      return likeExactly(pattern).test(text);
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const like = (pattern: Pattern, from: string, to: string): RegExp =>
  new RegExp(`${from}${pattern.map((one) => escaped(one.toLowerCase())).join('.*')}${to}`, 's');
const likeExactly = (pattern: Pattern): RegExp => new RegExp(`^${pattern.map(escaped).join('.*')}$`, 's');
const tokenLike = (token: string): string =>
  token === '*' ? '[^.]+' : token === '>' ? '.+' : escaped(token);

function passes(comparison: Comparison<number>, value: number): boolean {
  if ('from' in comparison) return comparison.from <= value && value <= comparison.to;
  const { op, value: bound } = comparison;
  return op === '='
    ? value === bound
    : op === '>'
      ? value > bound
      : op === '>='
        ? value >= bound
        : op === '<'
          ? value < bound
          : value <= bound;
}

/** A date is all of its day: after it, before it, or in it. */
function passesMoment(comparison: Comparison<string>, ms: number): boolean {
  const span = (text: string): { fromMs: number; toMs: number } =>
    spanOfMoment(text) ?? { fromMs: NaN, toMs: NaN };
  if ('from' in comparison) return span(comparison.from).fromMs <= ms && ms <= span(comparison.to).toMs;
  const { fromMs, toMs } = span(comparison.value);
  const [before, after] = [ms < fromMs, ms > toMs];
  const all = { '=': !before && !after, '>': after, '>=': !before, '<': before, '<=': !after };
  return all[comparison.op];
}
