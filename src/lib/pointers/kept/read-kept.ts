import { hash } from 'node:crypto';
import {
  decodeKeptHead,
  decodeParts,
  type EditAuthor,
  editedFilter,
  keptAddress,
  keptHeader,
  keptPartHeader,
  type KeptParts,
  keptPartSubject,
  keptSubject,
  type Version,
} from '../../domain/kept.js';
import { type Origin, sameOrigin } from '../../domain/key.js';
import { msOfNanos } from '../../domain/time.js';
import { escapeLine } from '../../domain/escape.js';
import { OperationError } from '../../errors.js';
import { apiCodeOf } from '../../nats/errors.js';
import { apiCode } from '../../nats/wire/api-code.js';
import { headerOf, type StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** A kept event as its stream had it, or as a person edited it. */
export interface FoundKept {
  /** Stream, sequence, subject and time are those of the original. */
  readonly message: StoredMessage;
  /** Its sequence in the kept stream. */
  readonly keptSeq: number;
  readonly version: Version;
  /** Of an edited version: whose it is. */
  readonly edit?: EditAuthor;
}

/**
 * What is kept of this very event for a consumer, from the leader of the kept stream. Undefined: nothing is, or that
 * stream was not applied yet.
 *
 * Throws OperationError `UNREADABLE` where something is kept and is not whole.
 */
export function readKept(
  pipeline: Pipeline,
  consumer: string,
  origin: Origin,
  version: Version = 'original',
): Promise<FoundKept | undefined> {
  return readAt(pipeline, keptSubject(pipeline.places.kept.root, consumer, origin.seq, version), origin);
}

/** The version of an event that was edited last, of whatever cycle. */
export function readEdited(
  pipeline: Pipeline,
  consumer: string,
  origin: Origin,
): Promise<FoundKept | undefined> {
  return readAt(pipeline, editedFilter(pipeline.places.kept.root, consumer, origin.seq), origin);
}

/** What a kept message says before its payload is read. */
export interface KeptHead {
  readonly origin: Origin;
  /** When it was stored, ms since 1970. */
  readonly keptAtMs: number;
}

/** Which event the message of a subject is about; undefined: there is none, or it does not say. */
export async function headOfKept(pipeline: Pipeline, subject: string): Promise<KeptHead | undefined> {
  const stored = await readLast(pipeline, subject);
  if (!stored) return undefined;
  const head = decodeKeptHead(headerOf(stored.headers, keptHeader));
  return head.ok ? { origin: head.value.origin, keptAtMs: msOfNanos(stored.time) } : undefined;
}

async function readAt(pipeline: Pipeline, subject: string, origin: Origin): Promise<FoundKept | undefined> {
  const { root } = pipeline.places.kept;
  const stored = await readLast(pipeline, subject);
  if (!stored) return undefined;
  const head = decodeKeptHead(headerOf(stored.headers, keptHeader));
  const address = keptAddress(root, stored.subject);
  if (!head.ok || !address) throw unreadable(stored, head.ok ? 'its subject names no event' : head.reason);
  // The same place of a recreated stream.
  if (!sameOrigin(head.value.origin, origin)) return undefined;
  const { edit, parts, headers } = head.value;
  const event = parts
    ? await readParts(pipeline, stored, parts)
    : { headers: headers ?? {}, data: stored.data };
  const { seq, subject: published, time } = head.value.origin;
  return {
    message: { stream: head.value.origin.stream, subject: published, seq, time, ...event },
    keptSeq: stored.seq,
    version: address.version,
    ...(edit ? { edit } : {}),
  };
}

function unreadable({ stream, seq, subject }: StoredMessage, reason: string): OperationError {
  return new OperationError(`${stream} ${seq} (${escapeLine(subject)}): ${reason}`, { code: 'UNREADABLE' });
}

async function readParts(
  pipeline: Pipeline,
  stored: StoredMessage,
  { count, sha256 }: KeptParts,
): Promise<Pick<StoredMessage, 'headers' | 'data'>> {
  const { root } = pipeline.places.kept;
  const pieces: Uint8Array[] = [];
  for (let part = 0; part < count; part++) {
    const piece = await readLast(pipeline, keptPartSubject(root, stored.subject, part));
    if (piece && headerOf(piece.headers, keptPartHeader) === `${part}/${count}/${sha256}`)
      pieces.push(piece.data);
  }
  const bytes = Buffer.concat(pieces);
  const decoded = hash('sha256', bytes) === sha256 ? decodeParts(bytes) : undefined;
  if (decoded?.ok) return decoded.value;
  throw unreadable(stored, `found ${pieces.length} of its ${count} parts`);
}

async function readLast({ link, places }: Pipeline, subject: string): Promise<StoredMessage | undefined> {
  try {
    return await link.readLast(places.kept.stream, subject);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
    throw error;
  }
}
