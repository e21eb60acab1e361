import {
  type Decoded,
  decodeObject,
  isCount,
  isText,
  isTime,
  type JsonObject,
  malformed,
  maxRoutableBytes,
  readOrigin,
} from './decode.js';
import { type Failure, reasonOf } from './failure.js';
import { markEdited } from './edited-mark.js';
import type { Origin } from './key.js';
import type { AdvisoryFields, Attempts, Exhaustion } from './record.js';
import { readAttempts, readFailure } from './record-decode.js';
import { isName } from './subjects.js';
import { isoOfMs } from './time.js';

/** The small message on the retry and DLQ streams that names an event and a consumer. Never the payload. */
export interface Pointer {
  readonly v: 1;
  readonly consumer: string;
  readonly stage: 'retry' | 'dlq';
  readonly cycle: number;
  readonly origin: Origin;
  /** The exhaustion that led here, under the server's own field names. */
  readonly advisory: AdvisoryFields;
  readonly failure: Failure;
  readonly attempts: Attempts;
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  /** Not to be handled before this time, in ms since 1970; 0: now. Carried in a header. */
  readonly notBeforeMs: number;
  /** `traceparent` of the attempt that led here, or of the replay, where somebody traced. */
  readonly trace?: string;
  /** The event was edited: the version that was made for this cycle is handled in place of the original. */
  readonly edited?: number;
  /** Dead letters of the meta tier embed the business record that could not be routed. */
  readonly embedded?: Readonly<Record<string, unknown>>;
  /** Of a restored dead letter: when it died, ISO. Of others, that is when they were stored. */
  readonly deadAt?: string;
}

export const pointerHeader = {
  consumer: 'Plutomi-Consumer',
  originStream: 'Plutomi-Origin-Stream',
  originSeq: 'Plutomi-Origin-Seq',
  originTime: 'Plutomi-Origin-Time',
  originMsgId: 'Plutomi-Origin-Msg-Id',
  cycle: 'Plutomi-Cycle',
  notBefore: 'Plutomi-Not-Before',
  reason: 'Plutomi-Reason',
  /** Written again after the server had given it up: this is not its first delivery. */
  putBack: 'Plutomi-Put-Back',
} as const;

/** The advisory part of an exhaustion. */
export function advisoryOf(x: Exhaustion): AdvisoryFields {
  return {
    type: x.type,
    id: x.id,
    timestamp: x.timestamp,
    stream: x.stream,
    consumer: x.consumer,
    stream_seq: x.stream_seq,
    deliveries: x.deliveries,
    ...(x.reason === undefined ? {} : { reason: x.reason }),
  };
}

/** The pointer that an exhaustion leads to. */
export function pointerFrom(x: Exhaustion, stage: 'retry' | 'dlq', notBeforeMs: number): Pointer {
  return {
    v: 1,
    consumer: x.consumer,
    stage,
    cycle: x.cycle,
    origin: x.origin,
    advisory: advisoryOf(x),
    failure: x.failure,
    attempts: x.attempts,
    firstFailedAt: x.firstFailedAt,
    lastFailedAt: x.lastFailedAt,
    notBeforeMs,
    ...(x.trace === undefined ? {} : { trace: x.trace }),
  };
}

const plainValue = /^[ -$&-~]*$/;

/** Header values are printable ASCII: anything else of a name or an id is percent-encoded. */
function headerValue(text: string): string {
  if (plainValue.test(text)) return text;
  return text.replace(/[^\x20-\x7e]|%/gu, (char) =>
    encodeURIComponent(/\p{Cs}/u.test(char) ? '\ufffd' : char),
  );
}

/** The server refuses more than 64 KB of headers; of a longer message id only the body knows. */
const maxMsgIdHeader = 1024;

function originMsgIdHeader({ msgId }: Origin): string | undefined {
  const value = msgId === undefined || msgId.length > maxMsgIdHeader ? undefined : headerValue(msgId);
  return value === undefined || value.length > maxMsgIdHeader ? undefined : value;
}

/** A new headers object each time: the client writes into what it is given. */
export function pointerHeaders(p: Pointer): Record<string, string> {
  const headers: Record<string, string> = {
    [pointerHeader.consumer]: p.consumer,
    [pointerHeader.originStream]: p.origin.stream,
    [pointerHeader.originSeq]: String(p.origin.seq),
    [pointerHeader.originTime]: p.origin.time,
  };
  const msgId = originMsgIdHeader(p.origin);
  if (msgId !== undefined) headers[pointerHeader.originMsgId] = msgId;
  headers[pointerHeader.cycle] = String(p.cycle);
  if (p.notBeforeMs > 0) headers[pointerHeader.notBefore] = isoOfMs(p.notBeforeMs);
  headers[pointerHeader.reason] = headerValue(reasonOf(p.failure));
  return headers;
}

export function encodePointer(p: Pointer): string {
  return JSON.stringify(bodyOfPointer(p));
}

/** What of a pointer stands in its body. */
export function bodyOfPointer(p: Pointer): object {
  const { v, consumer, stage, cycle, origin, advisory, failure, attempts, firstFailedAt, lastFailedAt } = p;
  return {
    v,
    consumer,
    stage,
    cycle,
    origin: p.edited === undefined ? origin : markEdited(origin),
    edited: p.edited,
    advisory,
    failure,
    attempts,
    firstFailedAt,
    lastFailedAt,
    trace: p.trace,
    embedded: p.embedded,
    // What is replayed dies at another time, if at all.
    ...(stage === 'dlq' && p.deadAt !== undefined ? { deadAt: p.deadAt } : {}),
  };
}

/** `notBefore` is the header's value; a pointer without a readable one is due now. */
export function decodePointer(bytes: Uint8Array, notBefore: string | undefined): Decoded<Pointer> {
  const decoded = decodeObject(bytes, maxRoutableBytes);
  return decoded.ok ? pointerInBody(decoded.value, notBefore) : decoded;
}

/** The pointer that a body holds. */
export function pointerInBody(body: JsonObject, notBefore: string | undefined): Decoded<Pointer> {
  const { v, consumer, stage, cycle, advisory, edited, firstFailedAt, lastFailedAt, embedded, deadAt } = body;
  const { trace } = body;
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(consumer) || !isName(consumer)) return malformed('consumer: expected a name');
  if (stage !== 'retry' && stage !== 'dlq') return malformed('stage: expected retry or dlq');
  if (!isCount(cycle)) return malformed('cycle: expected a count');
  const origin = readOrigin(body['origin']);
  const failure = readFailure(body['failure']);
  const attempts = readAttempts(body['attempts']);
  if (!origin) return malformed('origin: expected {stream, seq, subject, time}');
  if (!failure) return malformed('failure: expected {kind, name, message, fingerprint}');
  if (!attempts) return malformed('attempts: expected {main, retry}');
  if (!isText(firstFailedAt) || !isText(lastFailedAt))
    return malformed('firstFailedAt, lastFailedAt: expected ISO times');
  if (Number.isNaN(Date.parse(lastFailedAt))) return malformed('lastFailedAt: expected an ISO time');
  if (typeof advisory !== 'object' || advisory === null) return malformed('advisory: expected an object');
  const due = notBefore === undefined ? 0 : Date.parse(notBefore);
  return {
    ok: true,
    value: {
      v: 1,
      consumer,
      stage,
      cycle,
      origin,
      advisory: advisory as AdvisoryFields,
      failure,
      attempts,
      firstFailedAt,
      lastFailedAt,
      notBeforeMs: Number.isNaN(due) ? 0 : Math.max(0, due),
      ...(isText(trace) ? { trace } : {}),
      ...(isCount(edited) ? { edited } : {}),
      ...(typeof embedded === 'object' && embedded !== null
        ? { embedded: embedded as Record<string, unknown> }
        : {}),
      ...(stage === 'dlq' && isTime(deadAt) ? { deadAt: new Date(deadAt).toISOString() } : {}),
    },
  };
}
