import { consumerNamed, externalNamed, type PipelineConfig } from '../config/resolved.js';
import { metaConsumers } from '../domain/consumer-names.js';
import type { Decoded } from '../domain/decode.js';
import type { Key } from '../domain/key.js';
import type { Pointer } from '../domain/pointer.js';
import { decodeExhaustion, type Exhaustion } from '../domain/record.js';
import { isNativeAdvisory, recordSubject } from '../domain/subjects.js';
import { msOfNanos } from '../domain/time.js';
import { anyRecord, lastRecords } from '../journal/read.js';
import type { Link } from '../nats/link.js';
import type { Original } from '../pointers/original.js';
import { journalOf } from '../routing/route.js';
import { Transcriber } from '../routing/transcribe.js';
import type { DlqEntry } from './entry.js';
import { keyOf, resolvedRecords } from './state.js';

/** What replaying a dead letter means, by what the server holds now. */
export type ReplayDecision =
  /** Nothing may be done; `original` or `external` where that is the reason. */
  | {
      readonly do: 'skip';
      readonly reason: string;
      readonly original?: Original['state'];
      readonly external?: true;
    }
  /** An earlier replay was interrupted after its pointer: `journaled` if REPLAYED is written too. Only the rest is done. */
  | { readonly do: 'finish'; readonly pointer: Pointer; readonly journaled: boolean }
  | { readonly do: 'replay'; readonly pointer: Pointer }
  /** Of a meta-consumer: the record that it could not route is routed now. */
  | { readonly do: 'route'; readonly pointer: Pointer; readonly exhaustion: Exhaustion };

/** The key under which a replay is journaled: the cycle that it starts. */
export function replayKey(pointer: Pointer): Key {
  const key = keyOf(pointer, 'dlq', pointer.cycle + 1);
  return pointer.consumer === metaConsumers.main ? { ...key, tier: 'meta' } : key;
}

/** Reads what decides, and writes nothing: plan and replay ask the same. `stateOf`: what became of the original. */
export async function decideReplay(
  link: Link,
  config: PipelineConfig,
  { pointer, letter }: DlqEntry,
  stateOf: (pointer: Pointer) => Promise<Original['state']>,
): Promise<ReplayDecision> {
  if (!pointer) return { do: 'skip', reason: letter.reason };
  if (pointer.consumer !== metaConsumers.main) return decideBusiness(link, config, pointer, stateOf);
  const replayed = await anyRecord(link, journalOf(config), [[replayKey(pointer), 'REPLAYED']]);
  return replayed ? { do: 'finish', pointer, journaled: true } : decideMeta(link, config, pointer);
}

async function decideBusiness(
  link: Link,
  config: PipelineConfig,
  pointer: Pointer,
  stateOf: (pointer: Pointer) => Promise<Original['state']>,
): Promise<ReplayDecision> {
  const next = keyOf(pointer, 'retry', pointer.cycle + 1);
  // All at once: it is the round trips that cost time.
  const [records, state] = await Promise.all([
    lastRecords(link, journalOf(config), [
      [replayKey(pointer), 'REPLAYED'],
      [next, 'RESOLVED'],
      [next, 'MAX_DELIVERIES'],
      [next, 'MSG_TERMINATED'],
      ...resolvedRecords(pointer),
    ]),
    stateOf(pointer),
  ]);
  const [replayed, ...others] = records;
  const processed = others.slice(0, 3).some((record) => record !== undefined);
  const resolved = others.slice(3).some((record) => record !== undefined);
  if (replayed) return { do: 'finish', pointer, journaled: true };
  // Its pointer came and went: a second one would run the handler again.
  if (processed) return { do: 'finish', pointer, journaled: false };
  if (externalNamed(config, pointer.consumer)) {
    return { do: 'skip', reason: externalReason(pointer), external: true };
  }
  if (!consumerNamed(config, pointer.consumer)) {
    return { do: 'skip', reason: `the config has no consumer ${pointer.consumer} any more` };
  }
  if (state !== 'present') return { do: 'skip', reason: unavailable(pointer, state), original: state };
  if (resolved) {
    return { do: 'skip', reason: 'resolved late: its handler succeeded after the event had been given up' };
  }
  return { do: 'replay', pointer };
}

function externalReason({ consumer }: Pointer): string {
  return `${consumer} is external: its worker is another program, and no retry stage could run the event again. Publish it anew, or give ${consumer} a handler in place of external: true, which can replay it`;
}

function unavailable({ origin }: Pointer, state: 'missing' | 'replaced'): string {
  return state === 'missing'
    ? `the original is missing: ${origin.stream} has no sequence ${origin.seq} any more`
    : `the original is replaced: another event stands at ${origin.stream} ${origin.seq}, the stream was recreated`;
}

async function decideMeta(link: Link, config: PipelineConfig, pointer: Pointer): Promise<ReplayDecision> {
  const subject = pointer.embedded?.['subject'];
  const decoded =
    typeof subject === 'string' && isNativeAdvisory(subject)
      ? await embeddedAdvisory(link, config, subject, pointer)
      : embeddedExhaustion(config, pointer);
  return decoded.ok
    ? { do: 'route', pointer, exhaustion: decoded.value }
    : { do: 'skip', reason: `can't be routed: ${decoded.reason}` };
}

/** The server's advisory in a dead letter of the meta-consumer, as the exhaustion that it tells of. */
async function embeddedAdvisory(
  link: Link,
  config: PipelineConfig,
  subject: string,
  { embedded, origin }: Pointer,
): Promise<Decoded<Exhaustion>> {
  const data = new TextEncoder().encode(JSON.stringify(embedded?.['record'] ?? null));
  const transcriber = new Transcriber({ link, config, worker: '', now: () => msOfNanos(origin.time) });
  const judgement = await transcriber.judge({ subject, data, storedAt: origin.time });
  if (judgement.is === 'exhaustion') return { ok: true, value: judgement.exhaustion };
  const reasons = {
    known: 'the journal has its exhaustion already',
    lost: 'its event is gone',
    'not-ours': 'the config has no external consumer of its name',
  };
  return { ok: false, reason: judgement.is === 'refused' ? judgement.because : reasons[judgement.is] };
}

/** The business record in a dead letter of the meta-consumer. */
function embeddedExhaustion(config: PipelineConfig, { embedded }: Pointer): Decoded<Exhaustion> {
  if (embedded?.['record'] === undefined) return { ok: false, reason: 'it embeds no readable record' };
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
    return { ok: false, reason: `its record does not belong on ${String(embedded['subject'])}` };
  }
  return decoded;
}
