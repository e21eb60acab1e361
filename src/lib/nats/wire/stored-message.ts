import { type Msg, MsgHdrsImpl, type MsgHdrs } from '@nats-io/transport-node';
import { parseJson } from '../../domain/decode.js';
import { nanosOfRfc3339 } from '../../domain/time.js';
import { eachHeader, rawHeaders } from './raw-message.js';
import { headersOf, type MessageHeaders, type StoredMessage } from './message.js';

/** Direct reads say in headers which message this is; the publisher did not write those. */
const direct = {
  stream: 'Nats-Stream',
  subject: 'Nats-Subject',
  seq: 'Nats-Sequence',
  time: 'Nats-Time-Stamp',
  pending: 'Nats-Num-Pending',
  last: 'Nats-Last-Sequence',
  upTo: 'Nats-UpTo-Sequence',
} as const;
const others: readonly string[] = [direct.stream, direct.last, direct.upTo];

/** What a direct read answered: a message, alone or one of many that a status ends, or a status. */
export type DirectAnswer = { readonly message: StoredMessage; readonly isOneOfMany: boolean } | DirectEnd;

/** How a direct read ended. */
export interface DirectEnd {
  /** 404: there is no such message. 204: that was the last of several. */
  readonly status: number;
  /** The same in the words of the server. */
  readonly description: string;
  /** How far the server looked; 0: it does not say. */
  readonly upToSeq: number;
}

export function readDirectAnswer(stream: string, msg: Msg): DirectAnswer {
  const raw = rawHeaders(msg) ?? encoded(msg.headers);
  if (raw.startsWith(noStatus)) return readDirectMessage(stream, raw, msg.data);
  const { headers } = msg;
  return {
    status: headers?.code ?? 0,
    description: headers?.description ?? 'no headers',
    upToSeq: Number(headers?.get(direct.upTo) ?? 0),
  };
}

/** The first line of headers that are no status. */
const noStatus = 'NATS/1.0\r\n';

function encoded(headers: MsgHdrs | undefined): string {
  return headers ? (headers as MsgHdrsImpl).toString() : '';
}

function readDirectMessage(stream: string, raw: string, data: Uint8Array): DirectAnswer {
  let subject = '';
  let seq = 0;
  let time = '';
  let isOneOfMany = false;
  const own = new Map<string, string[]>();
  // The server writes its own behind those of the publisher, who may have written some of that name.
  eachHeader(raw, (name, value) => {
    if (name === direct.subject) subject = value;
    else if (name === direct.seq) seq = Number(value);
    else if (name === direct.time) time = value;
    else if (name === direct.pending) isOneOfMany = true;
    else if (others.includes(name)) return;
    else if (own.has(name)) own.get(name)?.push(value);
    else own.set(name, [value]);
  });
  const headers: MessageHeaders = Object.fromEntries(own);
  const message = { stream, subject, seq, time: nanosOfRfc3339(time) ?? '0', data, headers };
  return { message, isOneOfMany };
}

/** As the server writes it: `code` is a status like 404, `err_code` JetStream's own number. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/**
 * What the server's JSON API answered. Another answer is refused without a word of what it says: it may quote a
 * payload.
 */
export function readAnswer(msg: Msg): unknown {
  const decoded = parseJson(msg.string());
  if (!decoded.ok) throw new Error(`the answer is ${decoded.reason}`);
  return decoded.value;
}

interface GetAnswer {
  readonly error?: ApiError;
  readonly message?: {
    readonly subject: string;
    readonly seq: number;
    readonly time: string;
    readonly hdrs?: string;
    readonly data?: string;
  };
}

/** What a stream's leader answered: its message, or why there is none. */
export function readGetAnswer(stream: string, msg: Msg): StoredMessage | { readonly error: ApiError } {
  const { error, message } = readAnswer(msg) as GetAnswer;
  if (error) return { error };
  if (!message) throw new Error('the answer is not a message');
  const { subject, seq, time, hdrs, data } = message;
  return {
    stream,
    subject,
    seq,
    time: nanosOfRfc3339(time) ?? '0',
    data: data === undefined ? new Uint8Array() : Buffer.from(data, 'base64'),
    headers: hdrs === undefined ? {} : headersOf(MsgHdrsImpl.decode(Buffer.from(hdrs, 'base64'))),
  };
}
