import { nothingKnown } from '../../domain/standing-records.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { isoOfMs } from '../../domain/time.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Key } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { lastRecord } from '../../journal/read.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeRecord } from '../../journal/write-record.js';
import { statesOfEvents } from '../../pointers/kept/event-of.js';
import type { EditedVersion } from '../../pointers/kept/edited-versions.js';
import { writePointer } from '../../pointers/write-pointer.js';
import { routeExhaustion } from '../../routing/route.js';
import type { Author, Skipped } from '../plan/carry-out.js';
import { decideReplays, type ReplayDecision, replayKey } from './decide-replay.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { doneBy, journalOnce } from '../plan/journal-once.js';
import { persistently } from '../plan/persistently.js';
import type { StatesOf } from '../originals.js';
import { keyOf } from '../state.js';
import type { IfSuperseded } from '../facts/superseded.js';
import { tracing } from '../../tracing/tracing.js';
import { whyNot } from '../plan/plan-letters.js';

/** How one dead letter fared. */
export type ReplayOutcome =
  /** On its way again; `key` ends with a RESOLVED or a ROUTED record, which `earlier` may have been written before this replay. */
  | { readonly is: 'replayed'; readonly key: Key; readonly earlier: boolean }
  /** Of a meta-consumer: where its record went is all there is to wait for. */
  | { readonly is: 'routed'; readonly deadAgain: boolean };

/** What a replay does to a dead letter; the others are skipped. */
export type Doing = Exclude<ReplayDecision, { readonly do: 'skip' }>;

/** What replaying each of these means now: reads the originals themselves. */
export function decideNow(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  ifSuperseded?: IfSuperseded,
): Promise<ReplayDecision[]> {
  const statesOf: StatesOf = async (pointers) =>
    (await statesOfEvents(pipeline, pointers)).map(({ state }) => state);
  return decideReplays(pipeline, entries, statesOf, { ifSuperseded });
}

/**
 * Replays one dead letter: pointer, then REPLAYED, then the deletion of exactly this dead letter. Every write
 * can be repeated, so that it can be killed between any two of them and run again. When the server does not answer
 * for a moment, what to do is decided again.
 */
export async function replayOne(
  pipeline: Pipeline,
  author: Author,
  entry: DlqEntry,
  decided: Doing,
  signal: AbortSignal | undefined,
): Promise<ReplayOutcome | Skipped> {
  let decision: ReplayDecision | undefined = decided;
  return persistently(async () => {
    // It was to be replayed, and may be on its way by now: that a newer event was processed meanwhile changes nothing.
    const now = decision ?? (await decideNow(pipeline, [entry], 'replay'))[0];
    decision = undefined;
    if (now === undefined) return { is: 'skipped', reason: '' };
    if (now.do === 'skip') return { is: 'skipped', ...whyNot(now) };
    return carryOut(pipeline, author, entry, now);
  }, signal);
}

async function carryOut(
  pipeline: Pipeline,
  author: Author,
  entry: DlqEntry,
  decision: Doing,
): Promise<ReplayOutcome | Skipped> {
  const { pointer } = decision;
  if (decision.do === 'route') {
    const { to } = await routeExhaustion(pipeline, decision.exhaustion, nothingKnown);
    const by = await journalReplay(pipeline, author, pointer);
    await remove(pipeline, entry);
    if (by !== author.task) return replayedBy(by);
    const { tier, consumer, origin, cycle } = decision.exhaustion;
    if (to !== 'retry') return { is: 'routed', deadAgain: to === 'dlq' };
    return { is: 'replayed', key: { tier, consumer, origin, stage: 'retry', cycle }, earlier: false };
  }
  if (decision.do === 'replay') {
    const { edited } = decision;
    if (edited?.cycle === pointer.cycle + 1) await journalEdit(pipeline, author, pointer, edited);
    const operators = (await tracing())?.active;
    const next = replayPointer(pointer, edited?.cycle);
    const traced = operators === undefined ? next : { ...next, trace: operators };
    await writePointer(pipeline.link, pipeline.places.retry, traced);
  }
  const journaled = decision.do === 'finish' && decision.journaled;
  const by = await (journaled ? taskOf(pipeline, pointer) : journalReplay(pipeline, author, pointer));
  const removed = await remove(pipeline, entry);
  // Who removes what another one has left there has finished it.
  const isFinished = decision.do === 'finish' && (removed || decision.isWanted);
  if (by !== author.task && !isFinished) return replayedBy(by);
  if (pointer.consumer === metaConsumers.main) return { is: 'routed', deadAgain: false };
  return { is: 'replayed', key: nextKey(pointer), earlier: decision.do === 'finish' };
}

function nextKey(pointer: Pointer): Key {
  return keyOf(pointer, 'retry', pointer.cycle + 1);
}

/** Due now, in a cycle of its own: what was counted in earlier cycles does not count again. */
function replayPointer({ edited: _before, ...pointer }: Pointer, edited: number | undefined): Pointer {
  const next = { ...pointer, stage: 'retry', cycle: pointer.cycle + 1, notBeforeMs: 0 } as const;
  return edited === undefined ? next : { ...next, edited };
}

/** By whoever made the version, also where somebody else carries on with what was interrupted. */
async function journalEdit(
  pipeline: Pipeline,
  author: Author,
  pointer: Pointer,
  { edit }: EditedVersion,
): Promise<void> {
  const { clock, identity } = pipeline;
  const by = edit ?? { ...author, at: isoOfMs(clock.now()) };
  const facts = { kind: 'EDITED', worker: identity.worker, ...by } as const;
  await writeRecord(pipeline, recordAbout(replayKey(pointer), facts));
}

/** Resolves with the task whose replay it is. */
function journalReplay(pipeline: Pipeline, author: Author, pointer: Pointer): Promise<string | undefined> {
  const at = isoOfMs(pipeline.clock.now());
  const facts = { kind: 'REPLAYED', at, worker: pipeline.identity.worker, ...author } as const;
  return journalOnce(pipeline, recordAbout(replayKey(pointer), facts));
}

/** The task that the journal names. */
async function taskOf(pipeline: Pipeline, pointer: Pointer): Promise<string | undefined> {
  return (await lastRecord(pipeline, replayKey(pointer), 'REPLAYED'))?.record.task;
}

/** Another one's replay, of which at most the rest was done here. */
export function replayedBy(task: string | undefined): Skipped {
  return doneBy('replayed', task);
}

/** By sequence: a newer dead letter of the same event stays. One that is gone already is as good as deleted. */
function remove({ link, places }: Pipeline, { dlqSeq }: DlqEntry): Promise<boolean> {
  return link.deleteMessage(places.dlq.stream, dlqSeq);
}
