import { decodeData, eventOpened, type ShownEncryption, type ShownEvent } from '../../dlq/show.js';
import { isoOfNanos, type Nanos } from '../../domain/time.js';
import { isSealed } from '../../encryption/sealed.js';
import type { EventRegistry } from '../../handlers/event.js';
import type { Heard } from '../../nats/consume/subscribe.js';
import { headerOf, type MessageHeaders, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** An event as it stands in the events stream. Its payload is decoded when it is looked at. */
export interface StoredEvent {
  /** The event type of the config, else the subject without its root. */
  readonly type: string;
  /** The subject that it was published to. */
  readonly subject: string;
  /** Name of the events stream. */
  readonly stream: string;
  /** Its sequence in the events stream. */
  readonly seq: number;
  /** When it was stored, ISO. */
  readonly time: string;
  /** `Nats-Msg-Id`; null: its publisher set none. */
  readonly id: string | null;
  /** Header names as published, each with all its values. */
  readonly headers: MessageHeaders;
  /** The value of JSON (at most 500 levels deep), the text, base64, or what is encrypted: `encoding` says which. Its numbers may be rounded. */
  readonly data: unknown;
  /** What `data` is. */
  readonly encoding: ShownEvent['encoding'];
  /** Of an event that is encrypted in its stream. */
  readonly encryption?: ShownEncryption | undefined;
  /** The payload as it was published, without a byte order mark; null: it is not text. */
  readonly text: string | null;
  /** The payload's bytes, opened where `data` is. */
  readonly raw: Uint8Array;
  /** For JSON.stringify: all but `text` and `raw`. */
  toJSON(): Record<string, unknown>;
}

/** An event that was heard when it was published: nobody says whether it was stored, and where. */
export interface HeardEvent extends Omit<StoredEvent, 'stream' | 'seq'> {
  /** Unknown. */
  readonly stream: null;
  /** Unknown. */
  readonly seq: null;
}

/** What an event is made of. */
interface EventMessage extends Pick<StoredMessage, 'subject' | 'data' | 'headers' | 'time'> {
  readonly stream: string | null;
  readonly seq: number | null;
}

/** What was encrypted, opened where a key is here. */
export interface Opened {
  readonly shown: ShownEvent;
  readonly bytes: Uint8Array;
}

/** The events in messages of the events stream, opened where a key is here. The messages are nobody else's from now on. */
export async function storedEvents(
  pipeline: Pipeline,
  messages: readonly StoredMessage[],
  registry: EventRegistry,
): Promise<readonly StoredEvent[]> {
  const make = (message: StoredMessage, opened?: Opened): StoredEvent =>
    new MessageEvent(message, registry.typeOf(message.subject), opened);
  if (!messages.some(isSealed)) return messages.map((message) => make(message));
  return Promise.all(messages.map(async (message) => make(message, await openedOf(pipeline, message))));
}

/** What opening an encrypted one gave; undefined: it is not encrypted. */
export async function openedOf({ keys }: Pipeline, message: StoredMessage): Promise<Opened | undefined> {
  if (!isSealed(message)) return undefined;
  const opened = await keys.open(message);
  return { shown: eventOpened(message, opened), bytes: opened.ok ? opened.value : message.data };
}

/** The event in a message that was heard at `time`. The message is nobody else's from now on. */
export async function heardEvent(
  pipeline: Pipeline,
  { subject, data, headers }: Heard,
  time: Nanos,
  registry: EventRegistry,
): Promise<HeardEvent> {
  const message = { subject, data, headers, time };
  const opened = await openedOf(pipeline, { ...message, stream: '', seq: 0 });
  return new MessageEvent({ ...message, stream: null, seq: null }, registry.typeOf(subject), opened);
}

/** The event in a message. The message is nobody else's from now on. */
export class MessageEvent<M extends EventMessage> implements Omit<StoredEvent, 'stream' | 'seq'> {
  private decoded: Pick<ShownEvent, 'data' | 'text' | 'encoding'> | undefined;
  private ownHeaders: MessageHeaders | undefined;

  constructor(
    private readonly message: M,
    readonly type: string,
    private readonly opened?: Opened,
  ) {
    this.decoded = opened?.shown;
  }

  get subject(): string {
    return this.message.subject;
  }
  get stream(): M['stream'] {
    return this.message.stream;
  }
  get seq(): M['seq'] {
    return this.message.seq;
  }
  get time(): string {
    return isoOfNanos(this.message.time);
  }
  get id(): string | null {
    return headerOf(this.headers, msgIdHeader) ?? null;
  }
  get headers(): MessageHeaders {
    // A delivery decodes them each time.
    this.ownHeaders ??= this.message.headers;
    return this.ownHeaders;
  }
  get data(): unknown {
    return this.payload.data;
  }
  get encoding(): StoredEvent['encoding'] {
    return this.payload.encoding;
  }
  get encryption(): ShownEncryption | undefined {
    return this.opened?.shown.encryption;
  }
  get text(): string | null {
    return this.payload.text;
  }
  /** A copy: the bytes that arrived share their memory with other messages. */
  get raw(): Uint8Array {
    return new Uint8Array(this.opened?.bytes ?? this.message.data);
  }

  toJSON(): Record<string, unknown> {
    const { subject, type, stream, seq, time, id, headers, data, encoding } = this;
    const { encryption } = this;
    const common = { subject, type, stream, seq, time, id, headers, data, encoding };
    return encryption === undefined ? common : { ...common, encryption };
  }

  private get payload(): NonNullable<typeof this.decoded> {
    this.decoded ??= decodeData(this.message.data);
    return this.decoded;
  }
}
