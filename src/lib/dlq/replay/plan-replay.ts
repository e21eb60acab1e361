import { checkOptions, type Checks, oneOf } from '../../domain/options.js';
import { refuseNoPipeline } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed } from '../../config/resolved.js';
import type { Kind } from '../../domain/fingerprint-similar.js';
import { metaConsumers, stageConsumers } from '../../domain/consumer-names.js';
import { ConnectionError, OperationError } from '../../errors.js';
import { readStandstill } from '../../nats/standstill.js';
import { decideReplays } from './decide-replay.js';
import { statesInStream } from '../originals.js';
import {
  type Count,
  type LetterPlan,
  type LetterSelection,
  planLetters,
  type SkippedLetter,
} from '../plan/plan-letters.js';
import { type IfSuperseded, Superseded } from '../facts/superseded.js';
import { suggestCommand } from '../../suggestion.js';

export type { LetterSelection as ReplaySelection } from '../plan/plan-letters.js';

/** What a replay would do, and on which server. */
export interface ReplayPlan extends LetterPlan {
  /** Of all that could be replayed: whose consumer has processed a newer event of a subject that names one thing. */
  readonly superseded: number;
  /** Consumers whose retry stage no process asks for messages now: none runs, or all are busy. */
  readonly notRunning: readonly string[];
  /** Consumers whose retry stage the server delivers nothing to now, and why. */
  readonly heldUp: readonly HeldUp[];
  /** What tells its causes apart; a task that stops on a new one keeps it. */
  readonly kinds: readonly Kind[];
}

/** What is replayed of what was selected. */
export interface ReplayTerms {
  /** What is done with those whose consumer has processed a newer event of a `latestOnly` subject. Default: `skip`. */
  readonly ifSuperseded?: IfSuperseded | undefined;
}

/** Of `ReplayTerms`. */
export const termChecks = { ifSuperseded: oneOf('skip', 'replay') } as const satisfies Checks<ReplayTerms>;

/** A consumer whose replayed events would wait. */
export interface HeldUp {
  /** Its name in the config. */
  readonly consumer: string;
  /** E.g. `paused until …`. */
  readonly why: string;
}

/**
 * Finds what is selected and what would become of it; originals by the state of their stream, as in a list. Writes
 * nothing, and waits out a server that does not answer for a moment.
 *
 * Throws OperationError (exit code 1) when the only id that was asked for has no dead letter (`NOT_FOUND`), or is that
 * of an external consumer, or of one that the config no longer has (`REPLAY_REFUSED`).
 */
export async function planReplay(
  pipeline: Pipeline,
  selection: LetterSelection,
  terms: ReplayTerms = {},
): Promise<ReplayPlan> {
  refuseNoPipeline(pipeline);
  checkOptions(termChecks, terms, 'terms');
  const { ifSuperseded } = terms;
  const statesOf = statesInStream(pipeline);
  const superseded = new Superseded(pipeline);
  let nobodys = false;
  let kinds: readonly Kind[] = [];
  const plan = await planLetters(
    pipeline,
    selection,
    async (entries) => {
      const decisions = await decideReplays(pipeline, entries, statesOf, { ifSuperseded, superseded });
      nobodys ||= decisions.some((one) => one.do === 'skip' && (one.external || one.gone) === true);
      return decisions;
    },
    (found) => (kinds = found),
  );
  const [only, ...others] = plan.skipped;
  const alone = 'ids' in selection && others.length + plan.items.length === 0;
  if (nobodys && alone && only) throw replayRefused(only);
  const { superseded: stale = 0 } = plan;
  return { ...plan, superseded: stale, ...(await findObstacles(pipeline, plan.consumers)), kinds };
}

/** What stands in the way of events of these consumers now. */
export async function findObstacles(
  pipeline: Pipeline,
  consumers: readonly Count[],
): Promise<Pick<ReplayPlan, 'notRunning' | 'heldUp'>> {
  const [idle, heldUp] = await Promise.all([
    notRunning(pipeline, consumers),
    findHeldUp(pipeline, consumers),
  ]);
  return { notRunning: idle, heldUp };
}

function replayRefused({ id, reason, suggestions = [] }: SkippedLetter): OperationError {
  return new OperationError(`${id} can't be replayed: ${reason}`, {
    code: 'REPLAY_REFUSED',
    suggestions: [
      ...suggestions,
      suggestCommand('dlq show', { args: [id], why: 'see the event and why it died' }),
      suggestCommand('events publish', {
        args: [{ blank: 'type' }],
        flags: { data: { blank: 'its data' } },
        why: 'publish it again',
      }),
    ],
  });
}

async function notRunning(pipeline: Pipeline, consumers: readonly Count[]): Promise<readonly string[]> {
  const { config } = pipeline;
  const names = consumers.map(({ name }) => name).filter((name) => consumerNamed(config, name));
  const waiting = await Promise.all(names.map((name) => requestsOf(pipeline, name)));
  return names.filter((_, i) => waiting[i] === 0);
}

/** How many processes wait for a message of the retry stage; undefined: unknown now. */
async function requestsOf(pipeline: Pipeline, name: string): Promise<number | undefined> {
  const { link, config } = pipeline;
  try {
    const info = await link.consumerInfo(config.streams.retry.name, stageConsumers(name).retry);
    return info?.num_waiting ?? 0;
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

/** What is replayed waits for its retry stage, and what dies there again for the meta-consumer. */
async function findHeldUp(pipeline: Pipeline, consumers: readonly Count[]): Promise<readonly HeldUp[]> {
  const { link, config } = pipeline;
  const { retry, advisories } = config.streams;
  const names = consumers.map(({ name }) => name).filter((name) => consumerNamed(config, name));
  const places = [
    ...names.map((name) => [retry.name, stageConsumers(name).retry] as const),
    ...(names.length > 0 ? [[advisories.name, metaConsumers.main] as const] : []),
  ];
  const found = await Promise.all(
    places.map(async ([stream, consumer]) => {
      const still = await readStandstill(link, stream, consumer).catch((error: unknown) => {
        if (error instanceof ConnectionError) return undefined;
        throw error;
      });
      return still ? [{ consumer, why: still.detail }] : [];
    }),
  );
  return found.flat();
}
