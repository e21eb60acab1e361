import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineConfig } from '../config/resolved.js';
import { ConnectionError, OperationError } from '../errors.js';
import { UnreachableError } from '../nats/errors.js';
import type { Link, PublishAck } from '../nats/link.js';
import { checkPayload } from './check-payload.js';
import { findDestination } from './destination.js';
import { checkId, type EventHeaders, headerBytes, makeHeaders } from './headers.js';
import type { OutgoingEvent, PublishEventOptions, PublishResult } from './outgoing.js';
import { encodePayload } from './payload.js';
import { publishAll, type PublishManyOptions, type PublishManyResult } from './publish-many.js';

type PublisherConfig = Pick<PipelineConfig, 'events' | 'eventsRoot' | 'streams'>;

interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: EventHeaders;
  readonly msgId: string;
}

/** Waits between the tries of one event: long enough for a stream to elect a new leader. */
const retryWaitsMs = [100, 300, 1000, 3000];

/** Publishes events to the events stream of a config. One serves a whole process. */
export class Publisher {
  constructor(
    private readonly link: Link,
    private readonly config: PublisherConfig,
  ) {}

  /** The subject that events of this type, or on this subject, go to. Throws UsageError `UNKNOWN_EVENT_TYPE`. */
  subjectOf(typeOrSubject: string): string {
    return findDestination(this.config, typeOrSubject).subject;
  }

  /**
   * Publishes one event, and resolves when the server has stored it.
   *
   * `typeOrSubject` is a type of the config, or a full subject within the events stream. `data` goes out as it is
   * when it is text or bytes, and as JSON otherwise; where the type has a schema, it must be JSON that fits, and it
   * is published as given, not as the schema's output. An answer that gets lost is asked for again, a few times
   * and with the same id, so that the event is stored once.
   *
   * @throws UsageError (`UNKNOWN_EVENT_TYPE`, `SCHEMA_VIOLATION`, `NOT_JSON`, `INVALID_HEADER`) before anything is
   *   sent; OperationError `TOO_LARGE`, `NO_STREAM`, `WRONG_STREAM`, `STORE_FULL`; ConnectionError `UNREACHABLE`,
   *   after which the event may be stored or not: publish it again with the same id
   */
  async publish(
    typeOrSubject: string,
    data?: unknown,
    options: PublishEventOptions = {},
  ): Promise<PublishResult> {
    const { subject, type, schema } = findDestination(this.config, typeOrSubject);
    const payload = encodePayload(data);
    const headers = makeHeaders(type, options.headers);
    if (options.id !== undefined) checkId(options.id);
    if (schema !== undefined) await checkPayload(type, schema, payload);
    const msgId = options.id ?? randomUUID();
    this.checkSize(subject, payload, headers, msgId);
    const { ack, tries } = await this.send({ subject, payload, headers, msgId });
    this.checkStream(subject, ack);
    // Nobody else has an id that was made here: the one stored before is this event's own first try.
    const duplicate = ack.duplicate && !(options.id === undefined && tries > 1);
    return { stream: ack.stream, seq: ack.seq, duplicate, msgId };
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
    const publish = ({ type, data, ...rest }: OutgoingEvent) => this.publish(type, data, rest);
    return publishAll(events, publish, this.config.streams.events.name, options);
  }

  private checkSize(subject: string, payload: Uint8Array, headers: EventHeaders, msgId: string): void {
    const sizeBytes = payload.length + headerBytes(headers, msgId);
    if (sizeBytes <= this.link.maxPayload) return;
    throw new OperationError(
      `publish to ${subject}: the event has ${sizeBytes} bytes with its headers, the server takes ${this.link.maxPayload}`,
      {
        code: 'TOO_LARGE',
        suggestions: [
          'store the content elsewhere and publish where it is',
          'or raise max_payload of the server',
        ],
      },
    );
  }

  private async send(event: Outgoing): Promise<{ readonly ack: PublishAck; readonly tries: number }> {
    const { subject, payload, headers, msgId } = event;
    for (let tries = 1; ; tries++) {
      try {
        return { ack: await this.link.publish(subject, payload, { headers, msgId }), tries };
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        if (tries === 1) await this.checkExistence(error);
        const waitMs = retryWaitsMs[tries - 1];
        if (waitMs === undefined) throw unanswered(error, tries, msgId);
        await sleep(waitMs);
      }
    }
  }

  /** A stream that is not there answers like one without a leader; only the former is told at once. */
  private async checkExistence(cause: UnreachableError): Promise<void> {
    const { name } = this.config.streams.events;
    if (!this.link.connected) return;
    try {
      if ((await this.link.streamInfo(name)) !== undefined) return;
    } catch {
      return;
    }
    throw new OperationError(`there is no stream "${name}" on ${this.link.server}`, {
      code: 'NO_STREAM',
      cause,
      suggestions: ['plutomi-events pipeline apply'],
    });
  }

  private checkStream(subject: string, { stream, seq }: PublishAck): void {
    const { name } = this.config.streams.events;
    if (stream === name) return;
    throw new OperationError(`${subject} was stored by the stream "${stream}" (${seq}), not by "${name}"`, {
      code: 'WRONG_STREAM',
      suggestions: ['plutomi-events pipeline apply --dry-run   # what differs from the config'],
    });
  }
}

function unanswered(cause: UnreachableError, tries: number, msgId: string): ConnectionError {
  return new ConnectionError(`${cause.message} (${tries} tries); the event may be stored or not`, {
    code: 'UNREACHABLE',
    cause,
    suggestions: [`publish it again with the id ${msgId}: if it is stored, it is not stored twice`],
  });
}
