import {
  errors,
  headers as makeHeaders,
  type NatsConnection,
  type PublishOptions,
} from '@nats-io/transport-node';
import { PayloadLimit } from '../errors.js';
import { eachHeader } from './raw-message.js';

/** A string goes out as UTF-8. */
export type Bytes = Uint8Array | string;

/** The client's outgoing side. It is not part of its public interface: where it is not there, the client publishes. */
interface Protocol {
  /** What is to be written to the socket next. */
  readonly outbound: { fill(bytes: Uint8Array): void };
  readonly noMorePublishing: boolean;
  outMsgs: number;
  outBytes: number;
  flushPending(): void;
}

/** The client's outgoing side, if it is as this file uses it. */
export function outgoingSideOf(nc: NatsConnection): Protocol | undefined {
  const { protocol } = nc as unknown as { readonly protocol?: Partial<Protocol> };
  const known =
    typeof protocol?.outbound?.fill === 'function' &&
    typeof protocol.flushPending === 'function' &&
    typeof protocol.noMorePublishing === 'boolean' &&
    typeof protocol.outMsgs === 'number' &&
    typeof protocol.outBytes === 'number';
  return known ? (protocol as Protocol) : undefined;
}

const slabBytes = 65_536;
/** So much is written at once, as by the client. */
const flushBytes = 32_768;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const whitespace = /[ \n\r\t]/;
const endOfTurn = Promise.resolve();

/**
 * Publishes: what `nc.publish` does, with its checks, and the same for who receives it. The client makes four arrays
 * of bytes for each message and puts them together afterwards; this writes each message where it leaves from.
 */
export class Wire {
  private readonly protocol: Protocol | undefined;
  private slab: Buffer = Buffer.allocUnsafeSlow(slabBytes);
  /** Handed to the client up to here, written up to there. */
  private from = 0;
  private to = 0;
  private scheduled = false;

  constructor(private readonly nc: NatsConnection) {
    this.protocol = outgoingSideOf(nc);
  }

  /**
   * `reply` and `headers` (as they go over the wire) are empty for none. Goes out when the turn is over, or earlier.
   *
   * Throws as the client does: the connection is closed or draining, the subject is none, the message is too large.
   */
  publish(subject: string, reply: string, headers: Bytes, payload: Bytes): void {
    this.check(subject);
    const headersSize = sizeOf(headers);
    const size = headersSize + sizeOf(payload);
    const most = this.nc.info?.max_payload;
    if (most !== undefined && size > most) throw new PayloadLimit(size, most);
    const { protocol } = this;
    if (protocol === undefined) return this.publishByClient(subject, reply, headers, payload);
    const to = reply === '' ? subject : `${subject} ${reply}`;
    const line = headersSize === 0 ? `PUB ${to} ${size}\r\n` : `HPUB ${to} ${headersSize} ${size}\r\n`;
    this.makeRoom(line.length * 3 + size + 2);
    this.write(line);
    if (headersSize > 0) this.write(headers);
    this.write(payload);
    this.slab[this.to++] = carriageReturn;
    this.slab[this.to++] = lineFeed;
    protocol.outMsgs++;
    protocol.outBytes += size;
    this.send();
  }

  /** Hands all on to the client, and lets it write. */
  flush(): void {
    this.handOn();
    this.protocol?.flushPending();
  }

  /** It can still publish. */
  get isOpen(): boolean {
    return !this.nc.isClosed() && this.protocol?.noMorePublishing !== true;
  }

  /** The same by the public interface, for 2.5 times the CPU time; 3.9 times with two headers (200 bytes, Node 20). */
  private publishByClient(subject: string, reply: string, raw: Bytes, payload: Bytes): void {
    const options: PublishOptions = reply === '' ? {} : { reply };
    if (raw.length > 0) {
      const headers = makeHeaders();
      const text = typeof raw === 'string' ? raw : Buffer.from(raw).toString();
      eachHeader(text, (name, value) => headers.append(name, value));
      options.headers = headers;
    }
    this.nc.publish(subject, payload, options);
  }

  private check(subject: string): void {
    if (this.nc.isClosed()) throw new errors.ClosedConnectionError();
    if (this.protocol?.noMorePublishing) throw new errors.DrainingConnectionError();
    // It would be another message.
    if (subject === '' || whitespace.test(subject)) throw new errors.InvalidSubjectError(subject);
  }

  private makeRoom(size: number): void {
    if (size <= this.slab.length - this.to) return;
    this.handOn();
    // What was handed on may not be written yet, so its place can't be used again.
    this.slab = Buffer.allocUnsafeSlow(Math.max(size, slabBytes));
    this.from = 0;
    this.to = 0;
  }

  private write(bytes: Bytes): void {
    if (typeof bytes === 'string') {
      this.to += this.slab.write(bytes, this.to);
      return;
    }
    this.slab.set(bytes, this.to);
    this.to += bytes.length;
  }

  private send(): void {
    if (this.to - this.from >= flushBytes) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      void endOfTurn.then(() => {
        this.scheduled = false;
        this.flush();
      });
    }
  }

  private handOn(): void {
    if (this.to === this.from) return;
    this.protocol?.outbound.fill(this.slab.subarray(this.from, this.to));
    this.from = this.to;
  }
}

function sizeOf(bytes: Bytes): number {
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}
