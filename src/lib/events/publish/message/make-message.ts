import { marksOf } from '../../../encryption/sealed.js';
import { encodeLines, headerLines } from '../../../nats/wire/headers.js';
import type { Pipeline } from '../../../pipeline/pipeline.js';
import type { OpenSpan } from '../../../tracing/tracing.js';
import { checkPayload } from '../check-payload.js';
import { otherType } from '../count-published.js';
import { type Destination, findDestination } from '../destination.js';
import { withCorrelation, wrapped } from '../enveloped.js';
import { fillSubject } from '../fill-subject.js';
import { checkId, makeHeaders } from '../headers.js';
import type { PublishEventOptions } from '../outgoing.js';
import { encodePayload } from '../payload.js';
import { traced } from '../trace-publish.js';
import type { PublishWarnings } from '../warnings.js';

/** What the making of messages needs: no connection. */
export type MessageParts = Pick<Pipeline, 'config' | 'clock' | 'keys'>;

/** A message as it is sent. */
export interface EventMessage {
  /** What it is counted as. */
  readonly counted: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** As they go over the wire, the id among them. */
  readonly headers: string;
  readonly msgId: string;
  /** The id was made here: no other event has it. */
  readonly ownId: boolean;
}

/** A destination with the header lines of an event that has none of its own. */
interface KnownDestination extends Destination {
  readonly lines: string;
  readonly counted: string;
}

/** An event that has a subject and an id. */
export interface Addressed {
  readonly destination: KnownDestination;
  readonly subject: string;
  readonly content: Uint8Array;
  readonly msgId: string;
  readonly ownId: boolean;
}

/** Destinations that are remembered: types and subjects, of which there may be any number. */
const mostDestinations = 1000;

/**
 * Makes messages of events, in steps: `address`, `compose`, and, where the type has a schema or is encrypted, `finish`.
 * In steps, since most events are ready after the second one, without a promise.
 */
export class MessageMaker {
  private readonly destinations = new Map<string, KnownDestination>();

  constructor(
    private readonly parts: MessageParts,
    private readonly warnings?: PublishWarnings,
  ) {}

  destinationOf(typeOrSubject: string): KnownDestination {
    const known = this.destinations.get(typeOrSubject);
    if (known !== undefined) return known;
    const found = findDestination(this.parts.config, typeOrSubject);
    const isKnown = this.parts.config.events.some(({ type }) => type === found.type);
    const counted = isKnown ? found.type : otherType;
    const made = { ...found, lines: headerLines(makeHeaders(found.type)), counted };
    if (this.destinations.size === mostDestinations) this.destinations.clear();
    this.destinations.set(typeOrSubject, made);
    return made;
  }

  address(typeOrSubject: string, data: unknown, options: PublishEventOptions): Addressed {
    const destination = this.destinationOf(typeOrSubject);
    const subject = fillSubject(destination, data, options);
    const content = encodePayload(data);
    if (options.id !== undefined) checkId(options.id);
    const ownId = options.id === undefined;
    return { destination, subject, content, msgId: options.id ?? this.parts.clock.uuid(), ownId };
  }

  compose(
    { destination, subject, content, msgId, ownId }: Addressed,
    options: PublishEventOptions,
    span: OpenSpan | undefined,
  ): EventMessage {
    const { config } = this.parts;
    const { type, counted } = destination;
    const given = traced(withCorrelation(config, options), span);
    const lines = given === undefined ? destination.lines : headerLines(makeHeaders(type, given));
    const payload = config.envelope ? wrapped(this.parts, content, { type, id: msgId, given }) : content;
    this.warnings?.watch(destination, payload.length);
    return { counted, subject, payload, headers: encodeLines(lines, { msgId }), msgId, ownId };
  }

  /** Something takes a while: `finish` must be called. */
  isUnfinished({ schema, encrypt }: KnownDestination): boolean {
    return schema !== undefined || encrypt !== undefined;
  }

  /** Checked, then encrypted. */
  async finish(
    { destination: { type, schema, encrypt }, content }: Addressed,
    message: EventMessage,
  ): Promise<EventMessage> {
    const { config, keys } = this.parts;
    if (schema !== undefined) await checkPayload(type, schema, content, config.numbers, encrypt);
    if (encrypt === undefined) return message;
    const { payload, keyId } = await keys.seal(message.payload);
    return { ...message, payload, headers: withLines(message.headers, (lines) => marksOf(keyId, lines)) };
  }
}

/** Headers over the wire, with more lines at their end. */
function withLines(headers: string, more: (lines: string) => Readonly<Record<string, string>>): string {
  const lines = headers.slice(headers.indexOf('\r\n') + 2, -2);
  return encodeLines(lines + headerLines(more(lines)), {});
}
