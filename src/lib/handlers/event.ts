import type { EventType, PipelineConfig } from '../config/resolved.js';
import { describeIssues } from '../config/schema/standard-schema.js';
import { decodeText } from '../domain/decode.js';
import { type EnvelopeKeys, unwrap } from '../domain/envelope.js';
import { hasRoundedIntegers, type Numbers, parseWithNumbers } from '../domain/numbers.js';
import { type Keyring, noKeys } from '../encryption/keyring.js';
import { isSealed } from '../encryption/sealed.js';
import { subjectMatches } from '../domain/subjects.js';
import { msOfNanos, type Nanos } from '../domain/time.js';
import { messageOf } from '../errors.js';
import { copyOfHeaders, type MessageHeaders } from '../nats/wire/message.js';
import type { PlutomiEvent } from './contract.js';
import { NotJson } from './not-json.js';

/** A message of the events stream, delivered or fetched. */
export interface EventMessage {
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly time: Nanos;
  readonly data: Uint8Array;
  readonly headers: MessageHeaders;
  readonly msgId: string | undefined;
  /** Its stream does not have it any more: this is what was kept of it. */
  readonly kept?: boolean;
  /** A person has edited it. */
  readonly edited?: boolean;
  /** It is read again by `events replay`. */
  readonly replayed?: boolean;
}

/** Told when the numbers of a payload are not those that were published, once for each event type. */
export type RoundedListener = (type: string, message: EventMessage) => void;

/** Types are named by their subjects, of which there may be any number. */
const mostRoundedTypes = 1000;

/** Knows the event types of a config by their subjects. One serves all consumers of a process. */
export class EventRegistry {
  private readonly bySubject: ReadonlyMap<string, EventType>;
  private readonly withParts: readonly EventType[];
  private readonly prefix: string;
  readonly envelope: EnvelopeKeys | undefined;
  private readonly roundedTypes = new Set<string>();

  constructor(
    config: Pick<PipelineConfig, 'events' | 'eventsRoot' | 'envelope'>,
    private readonly onRounded?: RoundedListener,
    /** Opens what is encrypted; undefined: nothing does, and no message is looked at for that. */
    readonly keys?: Keyring,
  ) {
    this.bySubject = new Map(config.events.map((type) => [type.subject, type]));
    this.withParts = config.events.filter(({ template }) => template !== undefined);
    this.prefix = `${config.eventsRoot}.`;
    this.envelope = config.envelope;
  }

  find(subject: string): EventType | undefined {
    return (
      this.bySubject.get(subject) ?? this.withParts.find((type) => subjectMatches(type.subject, subject))
    );
  }

  typeOf(subject: string): string {
    const known = this.find(subject);
    if (known) return known.type;
    return subject.startsWith(this.prefix) ? subject.slice(this.prefix.length) : subject;
  }

  /** Looks for integers that JSON.parse has rounded, until some were found in an event of this type. */
  watchNumbers(type: string, message: EventMessage, text: string): void {
    const { roundedTypes: types, onRounded } = this;
    if (!onRounded || types.has(type) || types.size === mostRoundedTypes || !hasRoundedIntegers(text)) return;
    types.add(type);
    onRounded(type, message);
  }
}

/**
 * Nothing in it is decoded before the handler reads it, and whatever the handler can change belongs to it alone: the
 * bytes that arrived share their memory with other messages, and an original may be on its way to several consumers.
 */
class Event implements PlutomiEvent {
  private decoded: Content | undefined;
  private bytes: Uint8Array | undefined;
  private ownHeaders: MessageHeaders | undefined;

  constructor(
    private readonly message: EventMessage,
    readonly type: string,
    private readonly registry: EventRegistry,
    private readonly numbers: Numbers,
    validated: Content | undefined,
    private readonly failedBefore: number,
  ) {
    this.decoded = validated;
  }

  get subject(): string {
    return this.message.subject;
  }
  get data(): unknown {
    return this.content.data;
  }
  get envelope(): Readonly<Record<string, unknown>> | undefined {
    const { attempts } = this.registry.envelope ?? {};
    const { envelope } = this.content;
    return envelope && attempts !== undefined ? { ...envelope, [attempts]: this.failedBefore } : envelope;
  }
  private get content(): Content {
    this.decoded ??= readContent(this.message, this.type, this.registry, this.numbers);
    return this.decoded;
  }
  get text(): string | undefined {
    return decodeText(this.message.data);
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
  get edited(): boolean {
    return this.message.edited === true;
  }
  get replayed(): boolean {
    return this.message.replayed === true;
  }
  get time(): Date {
    return new Date(msOfNanos(this.message.time));
  }
}

/** What a message holds. */
interface Content {
  readonly data: unknown;
  readonly envelope?: Readonly<Record<string, unknown>>;
}

/** The data, out of its envelope. */
function readContent(
  message: EventMessage,
  type: string,
  registry: EventRegistry,
  numbers: Numbers,
): Content {
  const data = readData(message, type, registry, numbers);
  return (registry.envelope && unwrap(registry.envelope, data)) ?? { data };
}

/** The JSON of a payload; an empty one is undefined. Throws Reject, without a word of what it is instead. */
function readData(message: EventMessage, type: string, registry: EventRegistry, numbers: Numbers): unknown {
  const { data } = message;
  const text = decodeText(data);
  if (text === undefined) throw new NotJson(`${data.length} bytes that are not text in UTF-8`, message);
  if (text === '') return undefined;
  const decoded = parseWithNumbers(text, numbers);
  if (!decoded.ok) {
    if (isSealed(message)) throw new PayloadEncrypted(noKeys(message));
    throw new NotJson(`${data.length} bytes, ${decoded.reason}`, message);
  }
  if (numbers === 'number') registry.watchNumbers(type, message, text);
  return decoded.value;
}

/** The failure of a payload that is encrypted, where no key opens it. */
export class PayloadEncrypted extends Error {
  override readonly name = 'PayloadEncrypted';
}

/** The failure of a payload that breaks its event's schema. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

/**
 * The event in a message, with its numbers as `numbers` says. What is encrypted is opened, and types with a schema are
 * checked first.
 *
 * Throws SchemaMismatch: no retry can fix that; PayloadEncrypted: a key can.
 */
export function makeEvent(
  message: EventMessage,
  registry: EventRegistry,
  numbers: Numbers = 'number',
  failedBefore = 0,
): PlutomiEvent | Promise<PlutomiEvent> {
  const { keys } = registry;
  return keys !== undefined && isSealed(message)
    ? open(message, keys).then((opened) => makeOpened(opened, registry, numbers, true, failedBefore))
    : makeOpened(message, registry, numbers, false, failedBefore);
}

async function open(message: EventMessage, keys: Keyring): Promise<EventMessage> {
  const opened = await keys.open(message);
  if (!opened.ok) throw new PayloadEncrypted(opened.reason);
  const {
    stream,
    subject,
    seq,
    time,
    headers,
    msgId,
    kept = false,
    edited = false,
    replayed = false,
  } = message;
  return { stream, subject, seq, time, headers, msgId, kept, edited, replayed, data: opened.value };
}

function makeOpened(
  message: EventMessage,
  registry: EventRegistry,
  numbers: Numbers,
  isSecret: boolean,
  failedBefore: number,
): PlutomiEvent | Promise<PlutomiEvent> {
  const schema = registry.find(message.subject)?.schema;
  const type = registry.typeOf(message.subject);
  return schema === undefined
    ? new Event(message, type, registry, numbers, undefined, failedBefore)
    : checked(message, type, registry, numbers, schema, isSecret, failedBefore);
}

async function checked(
  message: EventMessage,
  type: string,
  registry: EventRegistry,
  numbers: Numbers,
  schema: NonNullable<EventType['schema']>,
  isSecret: boolean,
  failedBefore: number,
): Promise<PlutomiEvent> {
  let content: Content;
  try {
    content = readContent(message, type, registry, numbers);
  } catch (error) {
    if (error instanceof PayloadEncrypted) throw error;
    throw new SchemaMismatch(messageOf(error));
  }
  const result = await schema['~standard'].validate(content.data);
  if (result.issues)
    throw new SchemaMismatch(
      `the payload does not match the schema of ${type}: ${describeIssues(result.issues, isSecret)}`,
    );
  return new Event(message, type, registry, numbers, { ...content, data: result.value }, failedBefore);
}
