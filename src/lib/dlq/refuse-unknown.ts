import type { Pipeline } from '../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../config/resolved.js';
import { unknownConsumer } from '../config/unknown-consumer.js';
import { closest } from '../domain/closest.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { exactTexts, matchesPattern } from '../domain/selection/pattern.js';
import { printTerm } from '../domain/selection/print.js';
import { didYouMean } from '../domain/selection/selection-error.js';
import { textTerm } from '../domain/selection/make-term.js';
import type { Pattern, SelectionKey, Term } from '../domain/selection/selection.js';
import { filtersOverlap, pointerFilter } from '../domain/subjects.js';
import { UsageError } from '../errors.js';
import { apiCode, apiCodeOf } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import type { DlqEntry } from '../pointers/entry.js';
import { suggestFlag } from '../suggestion.js';
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
  for (const name of exactTextsOf(terms, 'consumer')) {
    if (names.includes(name) || name === metaConsumers.main) continue;
    if (await hasLetters(link, streams.dlq.name, pointerFilter(roots.dlq, name))) continue;
    if (name === filters.consumer) throw unknownConsumer('consumer', name, names);
    throw unknown(
      textTerm('consumer', name),
      `the config has no consumer "${name}"; it has ${listOf(names)}`,
      closest(name, names),
    );
  }
}

/** Without the stream nothing is known: whoever reads it says so. */
async function hasLetters(link: Link, stream: string, filter: string): Promise<boolean> {
  try {
    return (await link.readLast(stream, filter)) !== undefined;
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return true;
    throw error;
  }
}

/**
 * Called when nothing matched: throws UsageError for patterns that nothing can ever match.
 */
export function refuseUnknownPatterns(
  { config }: Pipeline,
  filters: DeadLetterFilters,
  terms: readonly Term[],
): void {
  const stored = Object.values(config.streams).flatMap(({ subjects }) => subjects);
  for (const pattern of patternsOf(terms, 'subject')) {
    const subject = pattern.join('*');
    if (stored.some((one) => filtersOverlap(one, subject))) continue;
    throw unknownSubject(config, filters, subject);
  }
  const names = [...consumerNames(config), metaConsumers.main];
  for (const pattern of patternsOf(terms, 'consumer')) {
    if (pattern.length === 1 || names.some((name) => matchesPattern(pattern, name))) continue;
    const term = textTerm('consumer', pattern);
    throw unknown(term, `no consumer of the config has such a name; it has ${listOf(names.slice(0, -1))}`);
  }
}

function unknownSubject(
  { streams, events }: PipelineConfig,
  filters: DeadLetterFilters,
  subject: string,
): UsageError {
  const near = closest(subject, [...events.map((event) => event.subject), ...streams.events.subjects]);
  const what = `no stream of this pipeline stores "${subject}"; ${streams.events.name} stores ${streams.events.subjects.join(', ')}`;
  if (filters.subject !== subject) return unknown(textTerm('subject', subject.split('*')), what, near);
  return new UsageError(`--subject: ${what}`, {
    suggestions: near === undefined ? [] : [suggestFlag('subject', near)],
  });
}

/** Event types that were asked for, and that neither the config nor, as far as was read, a dead letter has. */
export class UnknownTypes {
  private readonly left: Set<string>;

  constructor(
    private readonly config: PipelineConfig,
    terms: readonly Term[],
    private readonly typeOf: (subject: string) => string,
  ) {
    const known = new Set(config.events.map(({ type }) => type));
    this.left = new Set(exactTextsOf(terms, 'type').filter((type) => !known.has(type)));
  }

  see(entries: readonly DlqEntry[]): void {
    if (this.left.size === 0) return;
    for (const { letter } of entries) this.left.delete(this.typeOf(letter.subject));
  }

  refuse(): void {
    const [type] = this.left;
    if (type === undefined) return;
    const types = this.config.events.map((event) => event.type);
    throw unknown(
      textTerm('type', type),
      `neither the config nor a dead letter has an event type "${type}"; the config has ${listOf(types)}`,
      closest(type, types),
    );
  }
}

function unknown(term: Term, what: string, near?: string): UsageError {
  return new UsageError(`${printTerm(term)}: ${what}`, {
    suggestions: near === undefined ? [] : [didYouMean(printTerm(textTerm(term.key, near.split('*'))))],
  });
}

function consumerNames(config: PipelineConfig): string[] {
  return readersOf(config).map(({ name }) => name);
}

function exactTextsOf(terms: readonly Term[], key: SelectionKey): string[] {
  return [...new Set(terms.flatMap((term) => (term.key === key ? exactTexts(term) : [])))];
}

function patternsOf(terms: readonly Term[], key: SelectionKey): Pattern[] {
  return terms.flatMap((term) =>
    term.key === key ? term.values.flatMap((value) => (value.is === 'text' ? [value.pattern] : [])) : [],
  );
}

const mostListed = 10;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length > mostListed ? `, and ${names.length - mostListed} more` : '';
  return `${names.slice(0, mostListed).join(', ')}${more}`;
}
