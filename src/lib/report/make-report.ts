import { checkOptions, type Checks } from '../domain/options.js';
import {
  refuseNoFunction,
  refuseNoPipeline,
  refuseNoSignal,
  refuseNoText,
  refuseTime,
} from '../domain/given.js';
import { consumerNamed, planOf } from '../config/resolved.js';
import { formatDeadLetterId } from '../domain/dead-letter.js';
import type { JournalRecord } from '../domain/record.js';
import { exhaustionKinds, isExhaustion, kindsOfPeople } from '../domain/record-kinds.js';
import { readPlan, straightToDlq } from '../domain/stage-plan.js';
import { leadsTo } from '../domain/standing.js';
import { isoOfMs } from '../domain/time.js';
import { OperationError, UsageError } from '../errors.js';
import { readGroupDocuments } from '../groups/group-documents.js';
import { GroupKinds } from '../groups/group-kinds.js';
import type { OnRead } from '../nats/read/read-so-far.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { suggestCommand } from '../suggestion.js';
import { type LetterLook, LetterTable, type Shape } from './letter-table.js';
import { byTime, decisionsOf, type Operation, OperationFolder } from './operation.js';
import { noOutcomes, type OutcomeCounts, type OutcomeName } from './outcome.js';
import { readRecords } from './read-records.js';

/** What the report is about: what died and what was done since a time, or by one task. */
export interface ReportOptions {
  /** What died or was done since this time, ms since 1970. */
  readonly sinceMs?: number;
  /** The dead letters that this task did something to. */
  readonly task?: string;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Called now and then while the journal is read. */
  readonly onRead?: OnRead;
}

const reportChecks = {
  sinceMs: refuseTime,
  task: refuseNoText,
  signal: refuseNoSignal,
  onRead: refuseNoFunction,
} as const satisfies Checks<ReportOptions>;

/** Dead letters of one consumer and one cause. */
export interface ReportGroup {
  /** As `dlq groups` has it. */
  readonly id: string;
  /** The consumer that gave up on their events. */
  readonly consumer: string;
  /** Name of the error. */
  readonly name: string;
  /** What the error says besides: `ECONNREFUSED`, `550`. */
  readonly code: string | null;
  /** What their messages have in common: what varies is left out. */
  readonly shape: string;
  /** How many dead letters. */
  readonly letters: number;
  /** How often they died: one that was replayed and died again died twice. */
  readonly deaths: number;
  /** When the first one died, ISO. */
  readonly firstDiedAt: string;
  /** When one died last, ISO. */
  readonly lastDiedAt: string;
  /** Id of the one that died last. */
  readonly sample: string;
  /** What became of them. */
  readonly outcome: OutcomeCounts;
}

/** What died, what people did about it, and what came of it, as the journal tells. */
export interface DeadLetterReport {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** ISO; null: a report about a task. */
  readonly since: string | null;
  /** When the journal was read, ISO. */
  readonly until: string;
  /** Null: a report about a time. */
  readonly task: string | null;
  /** How many dead letters it is about. */
  readonly letters: number;
  /** Of them: how many died before what was read, so that no group has them. */
  readonly diedBefore: number;
  /** The largest first. */
  readonly groups: readonly ReportGroup[];
  /** What people did, the oldest first. */
  readonly operations: readonly Operation[];
  /** What became of all of them. */
  readonly outcome: OutcomeCounts;
  /** When the first one died, ISO; null: none did. */
  readonly firstDiedAt: string | null;
  /** When one died last, ISO; null: none did. */
  readonly lastDiedAt: string | null;
  /** When somebody began to do something, ISO; null: nobody did. */
  readonly firstDoneAt: string | null;
  /** When one was resolved last, ISO; null: none was. */
  readonly lastResolvedAt: string | null;
}

/**
 * Reads the journal once and tells what died, what people did about it, and what became of each dead letter by now.
 * Memory: about a hundred bytes for each dead letter that is read of.
 *
 * Throws UsageError unless one of `sinceMs` and `task` is given; OperationError `NOT_FOUND` for a task of which the
 * journal knows nothing, and `NO_STREAM`.
 */
export async function reportDeadLetters(
  pipeline: Pipeline,
  options: ReportOptions,
): Promise<DeadLetterReport> {
  refuseNoPipeline(pipeline);
  checkOptions(reportChecks, options);
  const { sinceMs, task, signal, onRead } = options;
  if ((sinceMs === undefined) === (task === undefined))
    throw new UsageError('give one of since and task: what is the report about?');
  const { config, link, clock } = pipeline;
  const until = isoOfMs(clock.now());
  const table = new LetterTable();
  const folder = new OperationFolder();
  const kinds = [...exhaustionKinds, 'RESOLVED' as const, ...kindsOfPeople];
  for await (const record of readRecords(pipeline, { kinds, sinceMs, signal, onRead })) {
    if (isExhaustion(record.kind)) {
      if (isDeath(pipeline, record)) table.died(record);
    } else if (record.kind === 'RESOLVED') table.resolved(record);
    else {
      const isChosen = task === undefined || record.task === task;
      if (isChosen) folder.add(record);
      table.handled(record, isChosen);
    }
  }
  const operations = folder.operations();
  if (task !== undefined && operations.length === 0) throw unknownTask(task);
  const documents = await readGroupDocuments(pipeline);
  const decided = task === undefined ? documents.flatMap(decisionsOf) : [];
  const done = [...operations, ...decided.filter(({ at }) => Date.parse(at) >= (sinceMs ?? 0))].toSorted(
    byTime,
  );
  const summary = summed(table.letters(task !== undefined), new GroupKinds(documents));
  return {
    pipeline: config.name,
    server: link.server,
    since: sinceMs === undefined ? null : isoOfMs(sinceMs),
    until,
    task: task ?? null,
    ...summary,
    operations: done,
    firstDoneAt: done[0]?.at ?? null,
  };
}

/** Where a main stage leads to, it says itself; records of earlier versions leave it to the config. */
function isDeath({ config }: Pipeline, record: JournalRecord): boolean {
  if (record.tier !== 'business' || record.stage === 'dlq') return false;
  const settings = consumerNamed(config, record.consumer);
  const said = 'plan' in record ? readPlan(record.plan) : undefined;
  return leadsTo(record, said ?? (settings ? planOf(settings) : straightToDlq)) === 'dlq';
}

class Summed {
  letters = 0;
  deaths = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  sample = '';
  readonly outcome: Record<OutcomeName, number> = noOutcomes();

  constructor(readonly shape: Shape | undefined) {}

  add(letter: LetterLook): void {
    const { consumer, seq, deaths, firstMs, lastMs, outcome } = letter;
    this.letters++;
    this.deaths += deaths;
    this.outcome[outcome]++;
    if (deaths === 0) return;
    this.firstMs = Math.min(this.firstMs, firstMs);
    if (lastMs < this.lastMs) return;
    this.lastMs = lastMs;
    this.sample = formatDeadLetterId({ consumer, seq });
  }

  take(other: Summed): void {
    this.letters += other.letters;
    this.deaths += other.deaths;
    for (const [name, count] of Object.entries(other.outcome)) this.outcome[name as OutcomeName] += count;
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    if (other.lastMs >= this.lastMs) this.sample = other.sample;
    this.lastMs = Math.max(this.lastMs, other.lastMs);
  }
}

type Summary = Pick<
  DeadLetterReport,
  'letters' | 'diedBefore' | 'groups' | 'outcome' | 'firstDiedAt' | 'lastDiedAt' | 'lastResolvedAt'
>;

function summed(letters: Iterable<LetterLook>, kinds: GroupKinds): Summary {
  const all = new Summed(undefined);
  const byShape = new Map<Shape | undefined, Summed>();
  let resolvedMs = 0;
  for (const letter of letters) {
    const { shape } = letter;
    let one = byShape.get(shape);
    if (!one) byShape.set(shape, (one = new Summed(shape)));
    one.add(letter);
    all.add(letter);
    if (letter.outcome === 'resolved') resolvedMs = Math.max(resolvedMs, letter.outcomeMs);
  }
  const died = all.deaths > 0;
  return {
    letters: all.letters,
    diedBefore: byShape.get(undefined)?.letters ?? 0,
    groups: groupsOf([...byShape.values()], kinds),
    outcome: all.outcome,
    firstDiedAt: died ? isoOfMs(all.firstMs) : null,
    lastDiedAt: died ? isoOfMs(all.lastMs) : null,
    lastResolvedAt: resolvedMs > 0 ? isoOfMs(resolvedMs) : null,
  };
}

function groupsOf(shapes: readonly Summed[], kinds: GroupKinds): ReportGroup[] {
  const known = shapes.filter(({ shape }) => shape).toSorted((a, b) => a.firstMs - b.firstMs);
  for (const { shape } of known) if (shape) kinds.remember(shape);
  const found = kinds.find();
  const groups = new Map<string, Summed & { shape: Shape }>();
  for (const one of known) {
    const shape = one.shape as Shape;
    const [id = ''] = found.idsOf(shape.consumer, shape.kind.fingerprint);
    let group = groups.get(id);
    if (!group) groups.set(id, (group = new Summed(shape) as Summed & { shape: Shape }));
    group.take(one);
  }
  return [...groups]
    .map(([id, { shape, letters, deaths, firstMs, lastMs, sample, outcome }]) => ({
      id,
      consumer: shape.consumer,
      name: shape.kind.name,
      code: shape.code,
      shape: shape.kind.shape.words.join(' ') || shape.reason,
      letters,
      deaths,
      firstDiedAt: isoOfMs(firstMs),
      lastDiedAt: isoOfMs(lastMs),
      sample,
      outcome,
    }))
    .toSorted((a, b) => b.letters - a.letters || a.firstDiedAt.localeCompare(b.firstDiedAt));
}

function unknownTask(task: string): OperationError {
  return new OperationError(`the journal has nothing of a task ${JSON.stringify(task)}`, {
    code: 'NOT_FOUND',
    suggestions: [suggestCommand('operations log', { why: 'see the tasks that it knows' })],
  });
}
