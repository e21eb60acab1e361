import { closest } from '../../../domain/closest.js';
import { filterContains, filterFault, filtersOverlap, isFilter, isName } from '../../../domain/subjects.js';
import { notAName } from './streams.js';
import { type Path, type Problems, quoted, show } from '../problems.js';
import { resolveEvents, subjectsOf } from '../../resolve.js';
import { dependentDefaults } from '../../schema/dependent-defaults.js';
import type { ParsedConfig, ParsedConsumer, ParsedManagedConsumer } from '../../schema/schema.js';

/** Names of consumers, what they read, and where they start; and the subjects of which only the newest event counts. */
export function checkConsumers(parsed: ParsedConfig, problems: Problems): void {
  if (problems.intact(['latestOnly'])) checkFilters(parsed, parsed.latestOnly, ['latestOnly'], problems);
  for (const [name, consumer] of Object.entries(parsed.consumers)) {
    const path = ['consumers', name];
    checkName(name, problems);
    checkReads(parsed, consumer, path, problems);
    checkStart(consumer, path, problems);
    if (consumer.external === true) continue;
    checkOrder(consumer, path, problems);
    checkBatch(consumer, path, problems);
    checkBuffer(consumer, path, problems);
  }
}

/** Each event that is in hand costs a place and a sign of life. */
const mostAtOnce = 10_000;

function checkBatch(
  { ordered, concurrency = 1, batch }: ParsedManagedConsumer,
  path: Path,
  problems: Problems,
): void {
  if (batch === undefined || !problems.intact([...path, 'batch'])) return;
  if (ordered)
    problems.add(
      [...path, 'batch'],
      'expected none with ordered: true (one event after another), found a batch',
    );
  else if (batch.size * concurrency > mostAtOnce)
    problems.add(
      [...path, 'batch', 'size'],
      `expected size × concurrency of at most ${mostAtOnce}, found ${batch.size} × ${concurrency}`,
    );
}

function checkBuffer(
  { ordered, concurrency, batch, buffer }: ParsedManagedConsumer,
  path: Path,
  problems: Problems,
): void {
  if (buffer === undefined || !problems.intact([...path, 'batch'])) return;
  const atOnce = (concurrency ?? (batch ? 1 : dependentDefaults.concurrency)) * (batch?.size ?? 1);
  if (ordered) {
    problems.add(
      [...path, 'buffer'],
      `expected none with ordered: true (one event after another), found ${buffer}`,
    );
  } else if (buffer < atOnce) {
    problems.add(
      [...path, 'buffer'],
      `expected at least ${atOnce}, as many events as its handlers take at once, found ${buffer}`,
    );
  }
}

function checkOrder({ ordered, concurrency }: ParsedManagedConsumer, path: Path, problems: Problems): void {
  if (!ordered || concurrency === undefined || concurrency === 1) return;
  problems.add(
    [...path, 'concurrency'],
    `expected 1 with ordered: true (one event after another), found ${concurrency}`,
  );
}

function checkName(name: string, problems: Problems): void {
  const path = ['consumers', name];
  if (!isName(name)) problems.add(path, notAName(name));
  else if (/-(?:retry|dlq)$/.test(name)) {
    problems.add(path, 'reserved: names that end in -retry or -dlq belong to the stages of another consumer');
  } else if (name.startsWith('meta-consumer')) {
    problems.add(path, 'reserved: names that start with meta-consumer belong to the consumers that route');
  }
}

function checkStart({ start }: ParsedConsumer, path: Path, problems: Problems): void {
  const at = [...path, 'start'];
  if (typeof start === 'string' || !problems.intact(at)) return;
  const given = [start.time, start.seq].filter((value) => value !== undefined).length;
  if (given !== 1) {
    problems.add(at, `expected either time or seq, found ${given === 0 ? 'neither' : 'both'}`);
  }
}

function checkReads(parsed: ParsedConfig, consumer: ParsedConsumer, path: Path, problems: Problems): void {
  if (!problems.intact([...path, 'events'], [...path, 'subjects'])) return;
  if (consumer.events && consumer.subjects) {
    problems.add(path, 'expected either events or subjects, found both');
  } else if (consumer.events) checkTypes(parsed, consumer.events, [...path, 'events'], problems);
  else if (consumer.subjects) checkFilters(parsed, consumer.subjects, [...path, 'subjects'], problems);
  else problems.add(path, 'expected events or subjects, found neither');
}

function checkTypes(parsed: ParsedConfig, types: readonly string[], path: Path, problems: Problems): void {
  const known = resolveEvents(parsed).map((event) => event.type);
  for (const [i, type] of types.entries()) {
    const at = [...path, i];
    if (types.indexOf(type) < i) {
      problems.add(at, `expected each type once, found ${show(type)} again`);
    } else if (!known.includes(type) && problems.intact(['events', type])) {
      const meant = closest(type, known);
      const defined = known.length === 0 ? 'none are defined' : `defined: ${known.slice(0, 20).join(', ')}`;
      const hint = meant === undefined ? defined : `did you mean ${meant}?`;
      problems.add(at, `expected an event type of this config, found ${show(type)}; ${hint}`);
    }
  }
}

function checkFilters(
  parsed: ParsedConfig,
  filters: readonly string[],
  path: Path,
  problems: Problems,
): void {
  const stored = subjectsOf(parsed, 'events');
  const known = problems.intact(
    ['streams', 'events', 'subjects'],
    ['streams', 'events', 'name'],
    ['subjectPrefix'],
  );
  for (const [i, filter] of filters.entries()) {
    const at = [...path, i];
    const other = filters.slice(0, i).find((earlier) => filtersOverlap(earlier, filter));
    if (!isFilter(filter)) {
      problems.add(
        at,
        `expected a subject like "events.order.*", found ${show(filter)}: ${filterFault(filter)}`,
      );
    } else if (known && !stored.some((outer) => filterContains(outer, filter))) {
      problems.add(at, `expected a subject within ${quoted(stored)} (streams.events), found ${show(filter)}`);
    } else if (other !== undefined) {
      problems.add(at, `expected subjects that don't overlap, found "${filter}" and "${other}"`);
    }
  }
}
