import { isDeepStrictEqual } from 'node:util';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../config/resolved.js';
import { unknownConsumer } from '../config/unknown-consumer.js';
import { closest } from '../domain/closest.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { nearestGroups } from '../domain/group-id.js';
import { type MatchContext, matcherOf, meansId } from '../domain/selection/match.js';
import { exactTexts, matchesPattern } from '../domain/selection/pattern.js';
import { printTerm } from '../domain/selection/print.js';
import { didYouMean } from '../domain/selection/selection-error.js';
import { textTerm } from '../domain/selection/make-term.js';
import type { Pattern, SelectionKey, Term, Value } from '../domain/selection/selection.js';
import { filtersOverlap, pointerFilter } from '../domain/subjects.js';
import { UsageError } from '../errors.js';
import type { AlikeSoFar } from '../groups/alike.js';
import { apiCodeOf } from '../nats/errors.js';
import { apiCode } from '../nats/wire/api-code.js';
import type { Link } from '../nats/link.js';
import { archivedFilter, type DlqEntry } from '../pointers/entry.js';
import { suggestCommand, suggestFlag, type Suggestion } from '../suggestion.js';
import { statusesMeant } from '../domain/selection/narrow.js';
import { readLetters } from '../pointers/read-letters.js';
import type { DeadLetterFilters } from './filters.js';

/**
 * Throws UsageError for a consumer that the config does not have. One that has left the config may still have dead
 * letters, so it counts as known as long as it has one: only names that are not in the config cost a question.
 */
export async function refuseUnknownConsumers(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  terms: readonly Term[],
): Promise<void> {
  const { link, config } = pipeline;
  const { streams, roots } = config;
  const names = consumerNames(config);
  for (const { wanted, name } of namesIn(terms, 'consumer')) {
    if (names.includes(name) || name === metaConsumers.main) continue;
    if (await hasLetters(link, streams.dlq.name, pointerFilter(roots.dlq, name), true)) continue;
    if (await hasLetters(link, streams.operations.name, archivedFilter(roots.operations, name), false))
      continue;
    if (name === filters.consumer) throw unknownConsumer('consumer', name, names);
    const what = `the config has no consumer "${name}"; it has ${listOf(names)}`;
    throw unknown(wanted, [name], what, closest(name, names));
  }
}

/** Without the DLQ nothing is known: whoever reads it says so. */
async function hasLetters(link: Link, stream: string, filter: string, otherwise: boolean): Promise<boolean> {
  try {
    return (await link.readLast(stream, filter)) !== undefined;
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return otherwise;
    throw error;
  }
}

/**
 * Called when nothing matched: throws UsageError for patterns that nothing can ever match. Those behind a `-` are
 * looked at by `refuseUnknownExceptions`.
 */
export function refuseUnknownPatterns(
  { config }: Pipeline,
  filters: DeadLetterFilters,
  terms: readonly Term[],
): void {
  for (const { wanted, pattern } of patternsIn(terms)) {
    if (wanted.not) continue;
    if (wanted.key === 'subject' && !isStored(config, pattern))
      throw unknownSubject(config, wanted, pattern, filters);
    if (wanted.key === 'consumer' && pattern.length > 1 && !isConsumer(config, pattern)) {
      throw unknownConsumers(config, wanted, pattern);
    }
  }
}

/**
 * Throws UsageError for what a term with `-` would leave out, where neither the config nor any dead letter has it: it
 * leaves nothing out, so that more is selected than was meant. Reads only where the config does not have it, and no
 * further than to the first dead letter that does. A group is not refused where there are no dead letters at all.
 */
export async function refuseUnknownExceptions(
  pipeline: Pipeline,
  terms: readonly Term[],
  context: MatchContext,
  signal?: AbortSignal,
): Promise<void> {
  const { config } = pipeline;
  let left = exceptionsIn(config, terms).map(({ wanted, pattern, refusal }) => ({
    matches: matcherOf([textTerm(wanted.key, pattern)], context),
    refusal,
  }));
  if (left.length === 0) return;
  let any = false;
  for await (const { entries } of readLetters(pipeline, { statuses: statusesMeant(terms), signal })) {
    any ||= entries.length > 0;
    left = left.filter(({ matches }) => !entries.some(matches));
    if (left.length === 0) return;
  }
  if (signal?.aborted === true) return;
  for (const { refusal } of left) {
    const error = refusal(any);
    if (error) throw error;
  }
}

/**
 * Throws UsageError for groups and fingerprints that nothing is known of: no dead letter has them, archived or not, and
 * nobody has told of them or decided about them. One whose dead letters have all left is known. None is refused where
 * there are no groups at all.
 */
export async function refuseUnknownGroups(
  pipeline: Pipeline,
  terms: readonly Term[],
  { alike, ...context }: MatchContext & { readonly alike: AlikeSoFar },
  signal?: AbortSignal,
): Promise<void> {
  const { groups, fingerprints } = alike.known;
  const ids = { group: [...groups.flat(), ...fingerprints], fingerprint: fingerprints };
  let left = patternsIn(terms).flatMap(({ wanted, pattern }) => {
    const { key, not } = wanted;
    if (not || (key !== 'group' && key !== 'fingerprint')) return [];
    return ids[key].some((id) => meansId(pattern, id)) ? [] : { wanted, pattern };
  });
  let any = groups.length > 0;
  if (left.length === 0) return;
  for await (const { entries } of readLetters(pipeline, { statuses: ['archived'], signal })) {
    any ||= entries.length > 0;
    left = left.filter(
      ({ wanted, pattern }) => !entries.some(matcherOf([textTerm(wanted.key, pattern)], context)),
    );
  }
  const [first] = left;
  if (!first || !any || signal?.aborted === true) return;
  const { wanted, pattern } = first;
  const shown = wanted.key === 'group' ? groups.flatMap((one) => one.slice(0, 1)) : fingerprints;
  throw unknownGroup(wanted, pattern, nearestGroups(pattern.join('*'), shown));
}

/** What is behind a `-` and not in the config; exact consumers are looked up by `refuseUnknownConsumers`. */
function exceptionsIn(config: PipelineConfig, terms: readonly Term[]): readonly Exception[] {
  const types = config.events.map(({ type }) => type);
  return patternsIn(terms.filter(({ not }) => not)).flatMap(({ wanted, pattern }) => {
    const exception = (refusal: Exception['refusal']): Exception => ({ wanted, pattern, refusal });
    switch (wanted.key) {
      case 'consumer':
        if (pattern.length === 1 || isConsumer(config, pattern)) return [];
        return exception(() => unknownConsumers(config, wanted, pattern));
      case 'subject':
        return isStored(config, pattern) ? [] : exception(() => unknownSubject(config, wanted, pattern));
      case 'type':
        if (types.some((type) => matchesPattern(pattern, type))) return [];
        return exception(() => unknownType(config, wanted, pattern));
      case 'group':
      case 'fingerprint':
        return exception((any) => (any ? unknownGroup(wanted, pattern) : undefined));
      default:
        return [];
    }
  });
}

interface Exception {
  readonly wanted: Term;
  readonly pattern: Pattern;
  /** `any`: there are dead letters. */
  readonly refusal: (any: boolean) => UsageError | undefined;
}

function isStored({ streams }: PipelineConfig, pattern: Pattern): boolean {
  const subject = pattern.join('*');
  return Object.values(streams).some(({ subjects }) => subjects.some((one) => filtersOverlap(one, subject)));
}

function isConsumer(config: PipelineConfig, pattern: Pattern): boolean {
  return [...consumerNames(config), metaConsumers.main].some((name) => matchesPattern(pattern, name));
}

function unknownConsumers(config: PipelineConfig, wanted: Term, pattern: Pattern): UsageError {
  const names = listOf(consumerNames(config));
  return unknown(wanted, pattern, `no consumer of the config has such a name; it has ${names}`);
}

function unknownType({ events }: PipelineConfig, wanted: Term, pattern: Pattern): UsageError {
  const [type, types] = [pattern.join('*'), events.map((event) => event.type)];
  const what = `neither the config nor a dead letter has an event type "${type}"; the config has ${listOf(types)}`;
  return unknown(wanted, pattern, what, closest(type, types));
}

function unknownGroup(wanted: Term, pattern: Pattern, near: readonly string[] = []): UsageError {
  const nearest = near.length === 0 ? '' : `; the nearest: ${near.join(', ')}`;
  return unknown(wanted, pattern, `no dead letter is of such a group${nearest}`, undefined, [
    suggestCommand('dlq groups', { why: 'see the groups' }),
  ]);
}

function unknownSubject(
  { streams, events }: PipelineConfig,
  wanted: Term,
  pattern: Pattern,
  filters: DeadLetterFilters = {},
): UsageError {
  const subject = pattern.join('*');
  const near = closest(subject, [...events.map((event) => event.subject), ...streams.events.subjects]);
  const what = `no stream of this pipeline stores "${subject}"; ${streams.events.name} stores ${streams.events.subjects.join(', ')}`;
  if (filters.subject !== subject) return unknown(wanted, pattern, what, near);
  return new UsageError(`--subject: ${what}`, {
    suggestions: near === undefined ? [] : [suggestFlag('subject', near)],
  });
}

/** Event types that were asked for without a `-`, and that neither the config nor, as far as was read, a dead letter has. */
export class UnknownTypes {
  private readonly left: Map<string, Term>;

  constructor(
    private readonly config: PipelineConfig,
    terms: readonly Term[],
    private readonly typeOf: (subject: string) => string,
  ) {
    const known = new Set(config.events.map(({ type }) => type));
    const named = namesIn(terms, 'type').filter(({ wanted, name }) => !wanted.not && !known.has(name));
    this.left = new Map(named.map(({ wanted, name }) => [name, wanted]));
  }

  see(entries: readonly DlqEntry[]): void {
    if (this.left.size === 0) return;
    for (const { letter } of entries) this.left.delete(this.typeOf(letter.subject));
  }

  refuse(): void {
    const [first] = this.left;
    if (first === undefined) return;
    const [type, wanted] = first;
    throw unknownType(this.config, wanted, [type]);
  }
}

/** Only this value of the term is wrong: what was probably meant keeps the others, and the `-`. */
function unknown(
  wanted: Term,
  pattern: Pattern,
  what: string,
  near?: string,
  others: readonly Suggestion[] = [],
): UsageError {
  const { values } = textTerm(wanted.key, pattern);
  const meant =
    near === undefined ? [] : [didYouMean(printTerm(withValue(wanted, pattern, near.split('*'))))];
  return new UsageError(`${printTerm({ ...wanted, values })}: ${what}`, {
    suggestions: [...meant, ...others],
  });
}

function withValue(wanted: Term, pattern: Pattern, meant: Pattern): Term {
  const isWrong = (value: Value): boolean => value.is === 'text' && isDeepStrictEqual(value.pattern, pattern);
  const values = wanted.values.map(
    (value): Value => (isWrong(value) ? { is: 'text', pattern: meant } : value),
  );
  // What was meant may stand beside it already.
  return { ...wanted, values: [...new Map(values.map((one) => [JSON.stringify(one), one])).values()] };
}

function consumerNames(config: PipelineConfig): string[] {
  return readersOf(config).map(({ name }) => name);
}

function namesIn(
  terms: readonly Term[],
  key: SelectionKey,
): { readonly wanted: Term; readonly name: string }[] {
  return terms
    .filter((wanted) => wanted.key === key)
    .flatMap((wanted) => exactTexts(wanted).map((name) => ({ wanted, name })));
}

function patternsIn(terms: readonly Term[]): { readonly wanted: Term; readonly pattern: Pattern }[] {
  return terms.flatMap((wanted) =>
    wanted.values.flatMap((value) => (value.is === 'text' ? { wanted, pattern: value.pattern } : [])),
  );
}

const mostListed = 10;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length > mostListed ? `, and ${names.length - mostListed} more` : '';
  return `${names.slice(0, mostListed).join(', ')}${more}`;
}
