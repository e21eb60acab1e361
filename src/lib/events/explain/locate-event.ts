import { unexpected } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../../config/resolved.js';
import { type DeadLetterId, parseDeadLetterId } from '../../domain/dead-letter.js';
import { escapeLine } from '../../domain/escape.js';
import type { Origin } from '../../domain/key.js';
import { decodeRecord } from '../../domain/record-decode.js';
import { OperationError } from '../../errors.js';
import { noStream } from '../../nats/read/read-stream.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import { serverNoteIn, type StoredMessage, storedOrigin } from '../../nats/wire/message.js';
import { findByMessageId } from './find-by-id.js';
import type { Scanned } from './explanation.js';
import { suggestCommand, suggestOther } from '../../suggestion.js';

export interface Located {
  readonly origin: Origin;
  /** Undefined: it is not in its stream any more. */
  readonly message?: StoredMessage;
  /** The only consumer that is asked about. */
  readonly consumer?: string;
  readonly scanned: Scanned | null;
}

/**
 * The event that a text names: its sequence, `<consumer>/<sequence>`, or its message id. A text that is both a
 * sequence and an id means the sequence, where there is one.
 *
 * Throws OperationError `NOT_FOUND`, `NO_STREAM`, and `NOT_AN_EVENT` for what the server keeps in the stream for itself.
 */
export async function locateEvent(
  pipeline: Pipeline,
  text: string,
  { scanLimit, onRead = () => {} }: { readonly scanLimit: number; readonly onRead?: OnRead },
): Promise<Located> {
  const { link, config } = pipeline;
  if (typeof text !== 'string') throw unexpected('event', 'its sequence or id, as text', text);
  const named = parseDeadLetterId(text);
  const seq = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : named?.seq;
  if (seq !== undefined && Number.isSafeInteger(seq)) {
    const found = await locateSeq(pipeline, seq, named?.consumer);
    const about = named === undefined ? {} : { consumer: named.consumer };
    if (found) return { ...found, ...about, scanned: null };
    // The name of a consumer before it: that is not a message id, and a million headers need not be read to say so.
    if (named && isReader(config, named.consumer)) throw await noSuchEvent(pipeline, named);
  }
  const { name } = config.streams.events;
  const { seq: foundSeq, scanned } = await findByMessageId(link, name, text, scanLimit, onRead);
  const found = foundSeq === undefined ? undefined : await locateSeq(pipeline, foundSeq);
  if (found) return { ...found, scanned };
  if (scanned.events === 0 && !(await link.streamInfo(name))) throw noStream(link, name);
  throw notFound(config, text, scanned);
}

async function locateSeq(
  pipeline: Pipeline,
  seq: number,
  consumer?: string,
): Promise<Pick<Located, 'origin' | 'message'> | undefined> {
  const { link, config } = pipeline;
  // Of an unknown consumer, there is nothing to report.
  const known = consumer === undefined || isReader(config, consumer);
  const message = known ? await link.readFromLeader(config.streams.events.name, seq) : undefined;
  if (message) {
    const note = serverNoteIn(message);
    if (note !== undefined) throw notAnEvent(message, note);
    return { origin: storedOrigin(message), message };
  }
  const origin = await recordedOrigin(pipeline, seq, consumer ?? '*');
  return origin && { origin };
}

function isReader(config: PipelineConfig, consumer: string): boolean {
  return readersOf(config).some(({ name }) => name === consumer);
}

async function noSuchEvent(pipeline: Pipeline, { consumer, seq }: DeadLetterId): Promise<OperationError> {
  const {
    link,
    config: { streams },
  } = pipeline;
  const { name } = streams.events;
  const info = await link.streamInfo(name);
  if (!info) return noStream(link, name);
  const { state } = info;
  const holds =
    state.messages > 0 ? `${name} holds ${state.first_seq} to ${state.last_seq}` : `${name} is empty`;
  return new OperationError(`no event ${seq} of ${consumer}: ${holds}, and the journal has no record of it`, {
    code: 'NOT_FOUND',
    suggestions: [suggestCommand('dlq list', { flags: { consumer } })],
  });
}

/** The event of a sequence that the journal wrote about last. */
async function recordedOrigin(
  pipeline: Pipeline,
  seq: number,
  consumer: string,
): Promise<Origin | undefined> {
  const { link } = pipeline;
  const { stream, root } = pipeline.places.journal;
  const info = await link.streamInfo(stream, `${root}.business.*.${consumer}.${seq}.*.*`);
  const subjects = Object.keys(info?.state.subjects ?? {});
  const messages = await Promise.all(subjects.map((subject) => link.readLast(stream, subject)));
  const newestFirst = messages.filter((one) => one !== undefined).toSorted((a, b) => b.seq - a.seq);
  for (const { data } of newestFirst) {
    // What is not a record, or is about another event, does not hide one that is.
    const decoded = decodeRecord(data);
    if (decoded.ok && decoded.value.origin.seq === seq) return decoded.value.origin;
  }
  return undefined;
}

function notAnEvent({ stream, seq, subject }: StoredMessage, note: string): OperationError {
  const what = `${stream} ${seq} is not an event, but ${note} of the server's own, on ${escapeLine(subject)}`;
  return new OperationError(`${what}: no consumer handles it`, {
    code: 'NOT_AN_EVENT',
    suggestions: [suggestOther('nats', ['stream', 'get', stream, seq])],
  });
}

function notFound({ streams }: PipelineConfig, text: string, scanned: Scanned): OperationError {
  const { name } = streams.events;
  const read =
    scanned.events === 0
      ? `${name} is empty`
      : `searched ${scanned.events} events of ${name}, ${scanned.firstSeq} to ${scanned.lastSeq}`;
  return new OperationError(`no event "${escapeLine(text)}": neither a sequence nor a message id (${read})`, {
    code: 'NOT_FOUND',
    suggestions: [
      ...(scanned.firstSeq > 1 && scanned.events > 0 ? ['search more with --scan <n>'] : []),
      suggestCommand('dlq list'),
    ],
  });
}
