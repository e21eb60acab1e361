import type { EventType, PipelineConfig } from '../config/resolved.js';
import { describeIssues } from '../config/standard-schema.js';
import { Reject } from '../domain/outcome.js';
import { msOfNanos, type Nanos } from '../domain/time.js';
import { copyOfHeaders, type MessageHeaders } from '../nats/message.js';
import type { PlutomiEvent } from './contract.js';

/** A message of the events stream, delivered or fetched. */
export interface EventMessage {
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly time: Nanos;
  readonly data: Uint8Array;
  readonly headers: MessageHeaders;
  readonly msgId: string | undefined;
}

/** Knows the event types of a config by their subjects. */
export class EventRegistry {
  private readonly bySubject: ReadonlyMap<string, EventType>;
  private readonly prefix: string;

  constructor(config: Pick<PipelineConfig, 'events' | 'eventsRoot'>) {
    this.bySubject = new Map(config.events.map((type) => [type.subject, type]));
    this.prefix = `${config.eventsRoot}.`;
  }

  find(subject: string): EventType | undefined {
    return this.bySubject.get(subject);
  }

  typeOf(subject: string): string {
    const known = this.bySubject.get(subject);
    if (known) return known.type;
    return subject.startsWith(this.prefix) ? subject.slice(this.prefix.length) : subject;
  }
}

/**
 * Nothing in it is decoded before the handler reads it, and whatever the handler can change belongs to it alone: the
 * bytes that arrived share their memory with other messages, and an original may be on its way to several consumers.
 */
class Event implements PlutomiEvent {
  private decoded: { readonly data: unknown } | undefined;
  private bytes: Uint8Array | undefined;
  private ownHeaders: MessageHeaders | undefined;

  constructor(
    private readonly message: EventMessage,
    readonly type: string,
    validated: { readonly data: unknown } | undefined,
  ) {
    this.decoded = validated;
  }

  get subject(): string {
    return this.message.subject;
  }
  get data(): unknown {
    this.decoded ??= { data: decodeJson(this.message.data) };
    return this.decoded.data;
  }
  get raw(): Uint8Array {
    this.bytes ??= new Uint8Array(this.message.data);
    return this.bytes;
  }
  get headers(): MessageHeaders {
    this.ownHeaders ??= copyOfHeaders(this.message.headers);
    return this.ownHeaders;
  }
  get id(): string | undefined {
    return this.message.msgId;
  }
  get stream(): string {
    return this.message.stream;
  }
  get seq(): number {
    return this.message.seq;
  }
  get time(): Date {
    return new Date(msOfNanos(this.message.time));
  }
}

/** The JSON in these bytes; an empty payload is undefined. */
function decodeJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (error) {
    throw new Reject(`the payload is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

/** The failure of a payload that breaks its event's schema. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

/**
 * The event in a message. Types with a schema are checked first.
 *
 * Throws SchemaMismatch: no retry can mend that.
 */
export function makeEvent(
  message: EventMessage,
  registry: EventRegistry,
): PlutomiEvent | Promise<PlutomiEvent> {
  const schema = registry.find(message.subject)?.schema;
  const type = registry.typeOf(message.subject);
  return schema === undefined ? new Event(message, type, undefined) : checked(message, type, schema);
}

async function checked(
  message: EventMessage,
  type: string,
  schema: NonNullable<EventType['schema']>,
): Promise<PlutomiEvent> {
  let data: unknown;
  try {
    data = decodeJson(message.data);
  } catch (error) {
    throw new SchemaMismatch(error instanceof Error ? error.message : 'the payload is not JSON');
  }
  const result = await schema['~standard'].validate(data);
  if (result.issues)
    throw new SchemaMismatch(`the payload breaks the schema of ${type}: ${describeIssues(result.issues)}`);
  return new Event(message, type, { data: result.value });
}
