import { concurrently } from '../flow/concurrently.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { consumerNamed, externalNamed, type PipelineConfig, readersOf } from '../config/resolved.js';
import { closest } from '../domain/closest.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import { formatDeadLetterId } from '../domain/dead-letter.js';
import type { Pointer } from '../domain/pointer.js';
import { isName, pointerFilter, subjectMatches } from '../domain/subjects.js';
import { isoOfMs } from '../domain/time.js';
import { OperationError, UsageError } from '../errors.js';
import { recordAbout } from '../journal/record-about.js';
import { recordsBehindMove } from '../domain/standing-records.js';
import { isMoveAway } from '../domain/standing-step.js';
import { lastRecords } from '../journal/read.js';
import { writeRecord } from '../journal/write-record.js';
import type { StoredMessage } from '../nats/wire/message.js';
import { readEdited, readKept } from '../pointers/kept/read-kept.js';
import { keepEdited, keepOriginal } from '../pointers/kept/store-kept.js';
import { readPointer, writePointer } from '../pointers/write-pointer.js';
import { persistently } from './plan/persistently.js';
import { keyOf } from './state.js';
import { suggestCommand, suggestFlag } from '../suggestion.js';

/** Pointers of a consumer that the config no longer has, for the one that took its place. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** How many there are to move. */
export interface MovePlan extends Move {
  readonly retry: number;
  readonly dlq: number;
}

export interface Moved extends Move {
  readonly moved: number;
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

type Where = 'retry' | 'dlq';

const places = ['retry', 'dlq'] as const;
const movesAtOnce = 32;
const goneMeanwhile = 'it is gone meanwhile: somebody else has moved it at the same time, or ended it';

/**
 * What there is to move. Throws UsageError where the names can't be meant, and OperationError `MOVE_REFUSED` while
 * the old consumer is running: both would run its retries.
 */
export async function planMove(pipeline: Pipeline, move: Move): Promise<MovePlan> {
  const { config } = pipeline;
  checkNames(config, move);
  await checkNotRunning(pipeline, move);
  const [retry = [], dlq = []] = await Promise.all(
    places.map((where) => subjectsOf(pipeline, where, move.from)),
  );
  return { ...move, retry: retry.length, dlq: dlq.length };
}

function checkNames(config: PipelineConfig, { from, to }: Move): void {
  const flag = `--move-dead-letters ${from}=${to}`;
  const names = readersOf(config).map(({ name }) => name);
  if (!isName(from) || from === metaConsumers.main) {
    throw new UsageError(`${flag}: "${from}" is not a valid consumer name`);
  }
  if (names.includes(from)) {
    throw new UsageError(`${flag}: the config still has ${from}, which keeps its dead letters`, {
      suggestions: [suggestCommand('dlq list', { flags: { consumer: from }, why: 'its dead letters' })],
    });
  }
  if (externalNamed(config, to)) {
    throw new UsageError(`${flag}: ${to} is external, so nothing would run what is moved to it`);
  }
  if (consumerNamed(config, to)) return;
  const near = closest(to, names);
  throw new UsageError(`${flag}: the config has no consumer ${to}`, {
    suggestions:
      near === undefined
        ? [`consumers: ${names.join(', ')}`]
        : [suggestFlag('move-dead-letters', `${from}=${near}`)],
  });
}

async function checkNotRunning(pipeline: Pipeline, { from }: Move): Promise<void> {
  const { link, config } = pipeline;
  const info = await link.consumerInfo(config.streams.retry.name, stageConsumers(from).retry);
  if ((info?.num_waiting ?? 0) === 0) return;
  throw new OperationError(`${from} is still running somewhere: what is moved now could be run twice`, {
    code: 'MOVE_REFUSED',
    suggestions: [`stop every process that runs ${from}, then run this again`],
  });
}

/** Where a consumer's pointers stand. */
async function subjectsOf(pipeline: Pipeline, where: Where, consumer: string): Promise<string[]> {
  const { link } = pipeline;
  const { stream, root } = pipeline.places[where];
  const info = await link.streamInfo(stream, pointerFilter(root, consumer));
  return Object.keys(info?.state.subjects ?? {});
}

/**
 * Moves the waiting retries and the dead letters: the new pointer, a record for each of the two consumers, then the
 * deletion of exactly the old pointer. Every write can be repeated: killed between any two and run again, it leaves one
 * pointer, and what the new consumer has dealt with meanwhile does not come back.
 */
export async function movePointers(pipeline: Pipeline, move: Move): Promise<Moved> {
  const skipped: { id: string; reason: string }[] = [];
  let moved = 0;
  for (const where of places) {
    const subjects = await subjectsOf(pipeline, where, move.from);
    await concurrently(subjects, movesAtOnce, async (subject) => {
      const reason = await persistently(() => moveOne(pipeline, move, where, subject));
      if (reason === undefined) moved++;
      else skipped.push({ id: formatDeadLetterId({ consumer: move.from, seq: seqOf(subject) }), reason });
    });
  }
  return { ...move, moved, skipped };
}

function seqOf(subject: string): number {
  return Number(subject.split('.').at(-1));
}

/** Undefined: it is moved; else why not. */
async function moveOne(
  pipeline: Pipeline,
  { from, to }: Move,
  where: Where,
  subject: string,
): Promise<string | undefined> {
  const { link, config } = pipeline;
  const place = pipeline.places[where];
  const message = await link.readLast(place.stream, subject);
  if (!message) return goneMeanwhile;
  const pointer = pointerOf(message, where, from);
  if (!pointer) return `it is not a pointer of ${from}`;
  const { origin } = pointer;
  if (!consumerNamed(config, to)?.subjects.some((filter) => subjectMatches(filter, origin.subject))) {
    return `${to} does not read ${origin.subject}`;
  }
  const moved: Pointer = { ...pointer, consumer: to };
  const behind = await lastRecords(pipeline, recordsBehindMove(keyOf(moved, where)));
  if (behind.every((one) => one === undefined || isMoveAway(one.record))) {
    await copyKept(pipeline, pointer, to);
    await writePointer(link, place, moved);
  }
  await record(pipeline, moved, where, { movedFrom: from });
  await record(pipeline, pointer, where, { movedTo: to });
  // Of two at once, it is moved by the one that deletes the old pointer.
  return (await link.deleteMessage(place.stream, message.seq)) ? undefined : goneMeanwhile;
}

/** What was kept is kept for the other consumer too, before its pointer is there. */
async function copyKept(pipeline: Pipeline, { consumer, origin }: Pointer, to: string): Promise<void> {
  const kept = await readKept(pipeline, consumer, origin);
  if (kept) {
    const { headers, data } = kept.message;
    await keepOriginal(pipeline, { consumer: to, origin, headers, data });
  }
  const edited = await readEdited(pipeline, consumer, origin);
  if (!edited || edited.version === 'original') return;
  const { headers, data } = edited.message;
  const event = { consumer: to, origin, headers, data, ...(edited.edit ? { edit: edited.edit } : {}) };
  await keepEdited(pipeline, event, edited.version);
}

function pointerOf(message: StoredMessage, where: Where, consumer: string): Pointer | undefined {
  const pointer = readPointer(message);
  return pointer?.stage === where && pointer.consumer === consumer ? pointer : undefined;
}

async function record(
  pipeline: Pipeline,
  pointer: Pointer,
  where: Where,
  facts: { readonly movedFrom: string } | { readonly movedTo: string },
): Promise<void> {
  const { clock, identity } = pipeline;
  const { worker, operator } = identity;
  const about = { kind: 'MOVED' as const, at: isoOfMs(clock.now()), worker, operator, ...facts };
  await writeRecord(pipeline, recordAbout(keyOf(pointer, where), about));
}
