import { decodeData, eventOpened, type ShownEncryption, type ShownEvent } from '../../dlq/show.js';
import { isoOfNanos } from '../../domain/time.js';
import type { EventRegistry } from '../../handlers/event.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { headerOf, type MessageHeaders, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';

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

/** The event in a message of the events stream. The message is nobody else's from now on. */
export function storedEvent(message: StoredMessage, registry: EventRegistry): StoredEvent {
  return new MessageEvent(message, registry.typeOf(message.subject));
}

/** The same of an encrypted one, opened where a key is here. */
export async function openedStoredEvent(
  pipeline: Pipeline,
  message: StoredMessage,
  registry: EventRegistry,
): Promise<StoredEvent> {
  const opened = await pipeline.keys.open(message);
  const shown = eventOpened(message, opened);
  const bytes = opened.ok ? opened.value : message.data;
  return new MessageEvent(message, registry.typeOf(message.subject), { shown, bytes });
}

class MessageEvent implements StoredEvent {
  private decoded: Pick<ShownEvent, 'data' | 'text' | 'encoding'> | undefined;
  private ownHeaders: MessageHeaders | undefined;

  constructor(
    private readonly message: StoredMessage,
    readonly type: string,
    private readonly opened?: { readonly shown: ShownEvent; readonly bytes: Uint8Array },
  ) {
    this.decoded = opened?.shown;
  }

  get subject(): string {
    return this.message.subject;
  }
  get stream(): string {
    return this.message.stream;
  }
  get seq(): number {
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

  private get payload(): NonNullable<MessageEvent['decoded']> {
    this.decoded ??= decodeData(this.message.data);
    return this.decoded;
  }
}
