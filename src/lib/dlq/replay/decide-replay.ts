import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed, externalNamed, type PipelineConfig } from '../../config/resolved.js';
import { formatDeadLetterId } from '../../domain/dead-letter.js';
import type { Decoded } from '../../domain/decode.js';
import { atStage, type Key } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Exhaustion } from '../../domain/record.js';
import { decodeExhaustion } from '../../domain/record-decode.js';
import { isNativeAdvisory, recordSubject } from '../../domain/subjects.js';
import { msOfNanos } from '../../domain/time.js';
import type { LetterStanding } from '../../domain/standing.js';
import { type EditedVersion, editedVersions } from '../../pointers/kept/edited-versions.js';
import type { Original } from '../../pointers/original.js';
import type { StatesOf } from '../originals.js';
import { Transcriber } from '../../routing/transcribe.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { moveCommand } from '../../pointers/move-command.js';
import type { SkippedLetter } from '../plan/plan-letters.js';
import { type Suggestion, suggestCommand } from '../../suggestion.js';
import { type IfSuperseded, Superseded } from '../facts/superseded.js';
import { archiveBegun, isMeta, letterKey, standingsOfLetters } from '../state.js';

/** What replaying a dead letter means, by what the server holds now. */
export type ReplayDecision =
  /** Nothing may be done; `original`, `external`, `gone` or `supersededBy` where that is the reason. */
  | {
      readonly do: 'skip';
      readonly reason: string;
      readonly suggestions?: readonly Suggestion[];
      readonly original?: Original['state'];
      readonly external?: true;
      readonly gone?: true;
      readonly supersededBy?: number;
    }
  /**
   * An earlier replay was interrupted after its pointer, or is under way: `journaled` if REPLAYED is written too. Only the
   * rest is done. `isWanted`: whoever began it did what is wanted now, so that it is carried on and not another one's.
   */
  | {
      readonly do: 'finish';
      readonly pointer: Pointer;
      readonly journaled: boolean;
      readonly isWanted?: true;
    }
  /** `edited`: the version of its event that is handled in place of the original. */
  | {
      readonly do: 'replay';
      readonly pointer: Pointer;
      readonly edited?: EditedVersion;
      readonly supersededBy?: number;
    }
  /** Of a meta-consumer: the record that it could not route is routed now. */
  | { readonly do: 'route'; readonly pointer: Pointer; readonly exhaustion: Exhaustion };

/** The key under which a replay is journaled: the cycle that it starts. */
export function replayKey(pointer: Pointer): Key {
  return atStage(letterKey(pointer), 'dlq', pointer.cycle + 1);
}

/** How stale dead letters are decided. */
export interface DecideOptions {
  /** Default: `skip`. */
  readonly ifSuperseded?: IfSuperseded | undefined;
  /** What is found stays with it. Default: it is asked anew. */
  readonly superseded?: Superseded;
}

const discardedReason = 'its discard was interrupted: discard it again to remove it from the DLQ';

/**
 * What replaying each of these means, in their order. Reads what decides, for all at once, and writes nothing: plan
 * and replay ask the same.
 */
export async function decideReplays(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  statesOf: StatesOf,
  { ifSuperseded = 'skip', superseded = new Superseded(pipeline) }: DecideOptions = {},
): Promise<ReplayDecision[]> {
  const { config } = pipeline;
  const pointers = entries.flatMap(({ pointer }) => pointer ?? []);
  const business = pointers.filter((pointer) => !isMeta(pointer));
  // Both at once: it is the round trips that cost time.
  const [standings, states, versions, newer] = await Promise.all([
    standingsOfLetters(pipeline, pointers),
    statesOf(business),
    editedVersions(pipeline, business),
    superseded.by(business),
  ]);
  const newerOf = new Map(business.map((pointer, i) => [pointer, newer[i]]));
  const versionOf = new Map(business.map((pointer, i) => [pointer, versions[i]]));
  const standingOf = new Map(pointers.map((pointer, i) => [pointer, standings[i]]));
  const stateOf = new Map(business.map((pointer, i) => [pointer, states[i]]));
  return Promise.all(
    entries.map(async ({ pointer, letter, archived }): Promise<ReplayDecision> => {
      if (archived) return { do: 'skip', reason: 'it is archived', suggestions: [restoreCommand(letter.id)] };
      if (!pointer) return { do: 'skip', reason: letter.reason };
      const standing = standingOf.get(pointer) ?? { is: 'dead' };
      switch (standing.is) {
        case 'replayed':
          // Its pointer was written, and may have come and gone: a second one would run the handler again.
          return { do: 'finish', pointer, journaled: standing.journaled };
        case 'discarded':
          return { do: 'skip', reason: discardedReason };
        case 'archived':
          return { do: 'skip', reason: archiveBegun };
        case 'moved':
          return { do: 'skip', ...movedBecause(config, pointer, standing.to) };
        default:
          return isMeta(pointer)
            ? decideMeta(pipeline, pointer)
            : unlessStale(
                decideBusiness(config, pointer, standing.is, {
                  state: stateOf.get(pointer) ?? 'missing',
                  edited: versionOf.get(pointer),
                }),
                newerOf.get(pointer),
                ifSuperseded,
              );
      }
    }),
  );
}

function decideBusiness(
  config: PipelineConfig,
  pointer: Pointer,
  is: Exclude<LetterStanding['is'], 'replayed' | 'discarded' | 'archived' | 'moved'>,
  { state, edited }: { readonly state: Original['state']; readonly edited: EditedVersion | undefined },
): ReplayDecision {
  if (externalNamed(config, pointer.consumer)) {
    return { do: 'skip', reason: externalReason(pointer), external: true };
  }
  if (!consumerNamed(config, pointer.consumer)) {
    return { do: 'skip', ...goneBecause(pointer), gone: true };
  }
  if (state !== 'present' && !edited)
    return { do: 'skip', reason: unavailable(pointer, state), original: state };
  if (is === 'resolved-late') {
    return { do: 'skip', reason: 'resolved late: its handler succeeded after the event had been given up' };
  }
  return { do: 'replay', pointer, ...(edited ? { edited } : {}) };
}

/** Only what would be replayed can be left for a newer event. */
function unlessStale(
  decision: ReplayDecision,
  newer: number | undefined,
  ifSuperseded: IfSuperseded,
): ReplayDecision {
  if (decision.do !== 'replay' || newer === undefined) return decision;
  if (ifSuperseded === 'replay') return { ...decision, supersededBy: newer };
  const { consumer, origin } = decision.pointer;
  return {
    do: 'skip',
    reason: `it is superseded by ${origin.stream} ${newer}: ${consumer} has processed this newer event of ${origin.subject}; --if-superseded replay replays it all the same`,
    supersededBy: newer,
  };
}

function externalReason({ consumer }: Pointer): string {
  return `${consumer} is external: its worker is another program, and it has no retry stage to run the event again. Publish the event again, or give ${consumer} a handler instead of external: true; then it can be replayed`;
}

/** Its move was interrupted before this dead letter was removed: to run it here too would process its event twice. */
function movedBecause(
  config: PipelineConfig,
  { consumer, origin }: Pointer,
  to: string,
): Pick<SkippedLetter, 'reason' | 'suggestions'> & { readonly gone?: true } {
  const id = formatDeadLetterId({ consumer, seq: origin.seq });
  const reason = `it was moved to ${to}, which has its event now, and this dead letter is left over`;
  return consumerNamed(config, consumer) || externalNamed(config, consumer)
    ? { reason, suggestions: [discardCommand(id, 'to remove it from the DLQ')] }
    : { reason, suggestions: [moveCommand(consumer, 'to move the rest', to)], gone: true };
}

function discardCommand(id: string, why: string): Suggestion {
  return suggestCommand('dlq discard', { args: [id], flags: { reason: { blank: 'text' } }, why });
}

function restoreCommand(id: string): Suggestion {
  return suggestCommand('dlq restore', { args: [id], why: 'restore it first' });
}

function goneBecause({ consumer, origin }: Pointer): Pick<SkippedLetter, 'reason' | 'suggestions'> {
  const id = formatDeadLetterId({ consumer, seq: origin.seq });
  return {
    reason: `the config no longer has a consumer ${consumer}, so nothing would run it`,
    suggestions: [moveCommand(consumer, 'if it was renamed'), discardCommand(id, 'otherwise discard it')],
  };
}

function unavailable({ origin }: Pointer, state: 'missing' | 'replaced'): string {
  return state === 'missing'
    ? `the original is missing: ${origin.stream} no longer has sequence ${origin.seq}`
    : `the original was replaced: the stream was recreated, and ${origin.stream} ${origin.seq} is another event now`;
}

async function decideMeta(pipeline: Pipeline, pointer: Pointer): Promise<ReplayDecision> {
  const { config } = pipeline;
  const subject = pointer.embedded?.['subject'];
  const decoded =
    typeof subject === 'string' && isNativeAdvisory(subject)
      ? await embeddedAdvisory(pipeline, subject, pointer)
      : embeddedExhaustion(config, pointer);
  return decoded.ok
    ? { do: 'route', pointer, exhaustion: decoded.value }
    : { do: 'skip', reason: `can't be routed: ${decoded.reason}` };
}

/** The server's advisory in a dead letter of the meta-consumer, as the exhaustion that it reports. */
async function embeddedAdvisory(
  pipeline: Pipeline,
  subject: string,
  { embedded, origin }: Pointer,
): Promise<Decoded<Exhaustion>> {
  // What it reports happened then.
  const clock = { ...pipeline.clock, now: () => msOfNanos(origin.time) };
  const data = new TextEncoder().encode(JSON.stringify(embedded?.['record'] ?? null));
  const judgement = await new Transcriber({ ...pipeline, clock }).judge({
    subject,
    data,
    storedAt: origin.time,
  });
  if (judgement.is === 'exhaustion') return { ok: true, value: judgement.exhaustion };
  const reasons = {
    known: 'its exhaustion is already in the journal',
    lost: 'its event is gone',
    'not-ours': 'this pipeline has no consumer of its name',
  };
  return { ok: false, reason: judgement.is === 'refused' ? judgement.because : reasons[judgement.is] };
}

/** The business record in a dead letter of the meta-consumer. */
export function embeddedExhaustion(config: PipelineConfig, { embedded }: Pointer): Decoded<Exhaustion> {
  if (embedded?.['record'] === undefined) return { ok: false, reason: 'it contains no valid record' };
  const decoded = decodeExhaustion(new TextEncoder().encode(JSON.stringify(embedded['record'])));
  if (!decoded.ok) return { ok: false, reason: `its record: ${decoded.reason}` };
  const { tier, kind, consumer, stage, cycle, origin } = decoded.value;
  const subject = recordSubject(config.roots.advisories, {
    tier,
    kind,
    consumer,
    seq: origin.seq,
    stage,
    cycle,
  });
  if (tier !== 'business' || embedded['subject'] !== subject) {
    return { ok: false, reason: `its record does not match the subject ${String(embedded['subject'])}` };
  }
  return decoded;
}
