import { marksOf } from '../../encryption/sealed.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, messageOf, OperationError } from '../../errors.js';
import { NoJetStreamError, UnreachableError } from '../../nats/errors.js';
import { WrongDomainError } from '../../nats/wrong-domain.js';
import { encodeLines, headerLines } from '../../nats/wire/headers.js';
import type { PublishAck } from '../../nats/link.js';
import { checkPayload } from './check-payload.js';
import { otherType, published } from './count-published.js';
import { type Destination, findDestination } from './destination.js';
import { fillSubject } from './fill-subject.js';
import { checkId, makeHeaders } from './headers.js';
import type { OutgoingEvent, PublishEventOptions, PublishResult } from './outgoing.js';
import { withCorrelation, wrapped } from './enveloped.js';
import { encodePayload } from './payload.js';
import {
  publishAll,
  type PublishManyOptions,
  type PublishManyResult,
  type PublishSettler,
} from './publish-many.js';
import { type PublishWarning, PublishWarnings } from './warnings.js';
import { suggestCommand } from '../../suggestion.js';
import { onceTraceable, settlingSpan, spanOf, traced } from './trace-publish.js';

interface Outgoing {
  /** What it is counted as. */
  readonly counted: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: string;
  readonly msgId: string;
  /** The id was made here: no other event has it. */
  readonly ownId: boolean;
  readonly settle: PublishSettler;
}

/** A destination with the header lines of an event that has none of its own. */
interface KnownDestination extends Destination {
  readonly lines: string;
  readonly counted: string;
}

/** Waits between the tries of one event: long enough for a stream to elect a new leader. */
const retryWaitsMs = [100, 300, 1000, 3000];
/** Destinations that are remembered: types and subjects, of which there may be any number. */
const mostDestinations = 1000;

/** What a publisher tells of besides its results. */
export interface PublisherOptions {
  /**
   * Told once for each event type that its events are larger than its `maxBytes`, or that it is deprecated. Default:
   * nobody is told.
   */
  readonly onWarning?: (warning: PublishWarning) => void;
}

/** Publishes events to the events stream of a config. One serves a whole process. */
export class Publisher {
  private readonly meant: { readonly stream: string };
  private readonly destinations = new Map<string, KnownDestination>();

  private readonly warnings: PublishWarnings | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    { onWarning }: PublisherOptions = {},
  ) {
    this.meant = { stream: pipeline.config.streams.events.name };
    this.warnings = onWarning && new PublishWarnings(onWarning);
  }

  /** The subject that events of this type, or on this subject, go to. Throws UsageError `UNKNOWN_EVENT_TYPE`. */
  subjectOf(typeOrSubject: string): string {
    return this.destinationOf(typeOrSubject).subject;
  }

  /** The subject that this very event goes to. Throws UsageError `UNKNOWN_EVENT_TYPE`, `SUBJECT_PART`. */
  subjectFor(typeOrSubject: string, data: unknown, options: PublishEventOptions = {}): string {
    return fillSubject(this.destinationOf(typeOrSubject), data, options);
  }

  private destinationOf(typeOrSubject: string): KnownDestination {
    const known = this.destinations.get(typeOrSubject);
    if (known !== undefined) return known;
    const found = findDestination(this.pipeline.config, typeOrSubject);
    const isKnown = this.pipeline.config.events.some(({ type }) => type === found.type);
    const counted = isKnown ? found.type : otherType;
    const made = { ...found, lines: headerLines(makeHeaders(found.type)), counted };
    if (this.destinations.size === mostDestinations) this.destinations.clear();
    this.destinations.set(typeOrSubject, made);
    return made;
  }

  /**
   * Publishes one event, and resolves when the server has stored it.
   *
   * `typeOrSubject` is a type of the config, or a full subject within the events stream. `data` goes out as it is
   * when it is text or bytes, and as JSON otherwise; where the type has a schema, it must be JSON that fits, and it
   * is published as given, not as the schema's output. An answer that gets lost is asked for again, a few times
   * and with the same id, so that the event is stored once.
   *
   * @throws UsageError (`UNKNOWN_EVENT_TYPE`, `SUBJECT_PART`, `SCHEMA_VIOLATION`, `NOT_JSON`, `INVALID_HEADER`) before anything is
   *   sent; OperationError `TOO_LARGE`, `NO_STREAM`, `WRONG_STREAM`, `STORE_FULL`; ConnectionError `UNREACHABLE`,
   *   after which the event may be stored or not: publish it again with the same id
   */
  publish(typeOrSubject: string, data?: unknown, options: PublishEventOptions = {}): Promise<PublishResult> {
    return onceTraceable(() => this.publishOne(typeOrSubject, data, options));
  }

  private publishOne(
    typeOrSubject: string,
    data: unknown,
    options: PublishEventOptions,
  ): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      this.start(typeOrSubject, data, options, (result) =>
        result instanceof Error ? reject(result) : resolve(result),
      );
    });
  }

  /**
   * Publishes many events, several at a time, and resolves when the server has stored all of them.
   *
   * @throws PartlyPublishedError (exit code 5) when one fails after others were stored; what `publish` throws when
   *   the first one fails
   */
  publishMany(
    events: Iterable<OutgoingEvent> | AsyncIterable<OutgoingEvent>,
    options: PublishManyOptions = {},
  ): Promise<PublishManyResult> {
    const publish = (event: OutgoingEvent, settle: PublishSettler) =>
      this.start(event.type, event.data, event, settle);
    return onceTraceable(() => publishAll(events, publish, this.meant.stream, options));
  }

  /** As `publish`, for very many: calls back, since each promise would cost as much as the sending. Never throws. */
  start(typeOrSubject: string, data: unknown, options: PublishEventOptions, settle: PublishSettler): void {
    let done = settle;
    try {
      const destination = this.destinationOf(typeOrSubject);
      const { type, schema, encrypt, lines, counted } = destination;
      const subject = fillSubject(destination, data, options);
      const { config, clock } = this.pipeline;
      const content = encodePayload(data);
      if (options.id !== undefined) checkId(options.id);
      const ownId = options.id === undefined;
      const msgId = options.id ?? clock.uuid();
      const span = spanOf({ subject, counted, stream: this.meant.stream, msgId }, options.headers);
      if (span) done = settlingSpan(span, settle);
      const given = traced(withCorrelation(config, options), span);
      const named = given === undefined ? lines : headerLines(makeHeaders(type, given));
      const payload = config.envelope ? wrapped(this.pipeline, content, { type, id: msgId, given }) : content;
      this.warnings?.watch(destination, payload.length);
      const headers = encodeLines(named, { msgId });
      const event = { counted, subject, payload, headers, msgId, ownId, settle: done };
      if (schema === undefined && encrypt === undefined) this.store(event);
      else
        this.prepare(event, content, destination, named)
          .then((prepared) => this.store(prepared))
          .catch(done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  /** What takes a while: checked, then encrypted. */
  private async prepare(
    event: Outgoing,
    content: Uint8Array,
    { type, schema, encrypt }: Destination,
    lines: string,
  ): Promise<Outgoing> {
    const { config, keys } = this.pipeline;
    if (schema !== undefined) await checkPayload(type, schema, content, config.numbers, encrypt);
    if (encrypt === undefined) return event;
    const { payload, keyId } = await keys.seal(event.payload);
    const headers = encodeLines(lines + headerLines(marksOf(keyId, lines)), { msgId: event.msgId });
    return { ...event, payload, headers };
  }

  private store(event: Outgoing): void {
    const { subject, payload, headers, settle } = event;
    this.checkSize(subject, payload.length + Buffer.byteLength(headers));
    this.pipeline.link.publishEncoded(
      subject,
      payload,
      headers,
      (answer) => {
        if (answer instanceof Error) this.storeAgain(event, answer).then(settle, settle);
        else settle(this.resultOf(event, answer, 1));
      },
      this.meant,
    );
  }

  private checkSize(subject: string, sizeBytes: number): void {
    if (sizeBytes <= this.pipeline.link.maxPayload) return;
    throw new OperationError(
      `publish to ${subject}: the event has ${sizeBytes} bytes with its headers, the server takes ${this.pipeline.link.maxPayload}`,
      {
        code: 'TOO_LARGE',
        suggestions: [
          'store the content elsewhere, and publish a reference to it',
          'or raise max_payload of the server',
        ],
      },
    );
  }

  /** The answer to the first try did not come. */
  private async storeAgain(event: Outgoing, firstError: unknown): Promise<PublishResult | OperationError> {
    let error = firstError;
    for (let tries = 1; ; ) {
      if (!(error instanceof UnreachableError) || error instanceof NoJetStreamError) throw error;
      if (tries === 1) await this.checkExistence(error);
      // Unless its stream has now said that it is there, where the answer came from.
      if (error instanceof WrongDomainError && !this.pipeline.link.home.isFrom(error.answeredFrom))
        throw error;
      const waitMs = retryWaitsMs[tries - 1];
      if (waitMs === undefined) throw unanswered(error, tries, event.msgId);
      await sleep(waitMs);
      tries++;
      try {
        return this.resultOf(event, await this.tryOnce(event), tries);
      } catch (next) {
        error = next;
      }
    }
  }

  private tryOnce({ subject, payload, headers }: Outgoing): Promise<PublishAck> {
    return new Promise((resolve, reject) => {
      this.pipeline.link.publishEncoded(
        subject,
        payload,
        headers,
        (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)),
        this.meant,
      );
    });
  }

  private resultOf(
    { counted, subject, msgId, ownId }: Outgoing,
    ack: PublishAck,
    tries: number,
  ): PublishResult | OperationError {
    if (ack.stream !== this.pipeline.config.streams.events.name) return this.wrongStream(subject, ack);
    // No other event has an id that was made here: the one stored before is this event's own first try.
    const duplicate = ack.duplicate && !(ownId && tries > 1);
    if (!duplicate) published(this.pipeline.config.name, counted);
    return { stream: ack.stream, seq: ack.seq, duplicate, msgId };
  }

  /** A stream that is not there answers like one without a leader; only the former is reported at once. */
  private async checkExistence(cause: UnreachableError): Promise<void> {
    const { name } = this.pipeline.config.streams.events;
    if (!this.pipeline.link.connected) return;
    try {
      if ((await this.pipeline.link.streamInfo(name)) !== undefined) return;
    } catch (error) {
      if (error instanceof NoJetStreamError) throw error;
      return;
    }
    const elsewhere = cause instanceof WrongDomainError ? ` (${cause.message})` : '';
    throw new OperationError(`there is no stream "${name}" on ${this.pipeline.link.server}${elsewhere}`, {
      code: 'NO_STREAM',
      cause,
      suggestions: [suggestCommand('pipeline apply')],
    });
  }

  private wrongStream(subject: string, { stream, seq }: PublishAck): OperationError {
    const { name } = this.pipeline.config.streams.events;
    return new OperationError(`${subject} was stored by the stream "${stream}" (${seq}), not by "${name}"`, {
      code: 'WRONG_STREAM',
      suggestions: [
        suggestCommand('pipeline apply', {
          flags: { 'dry-run': true },
          note: 'what differs from the config',
        }),
      ],
    });
  }
}

function unanswered(cause: UnreachableError, tries: number, msgId: string): ConnectionError {
  return new ConnectionError(`${cause.message} (${tries} tries); the event may be stored or not`, {
    code: 'UNREACHABLE',
    cause,
    suggestions: [`publish it again with the id ${msgId}: it is not stored twice`],
  });
}
