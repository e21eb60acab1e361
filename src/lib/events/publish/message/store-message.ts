import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, OperationError } from '../../../errors.js';
import { ClosedError, NoJetStreamError, UnreachableError } from '../../../nats/errors.js';
import type { PublishAck } from '../../../nats/link.js';
import { WrongDomainError } from '../../../nats/wrong-domain.js';
import type { Pipeline } from '../../../pipeline/pipeline.js';
import { suggestCommand } from '../../../suggestion.js';
import { published } from '../count-published.js';
import type { PublishResult } from '../outgoing.js';
import type { PublishSettler } from '../publish-many.js';
import type { EventMessage } from './make-message.js';

/** Waits between the tries of one event: long enough for a stream to elect a new leader. */
const retryWaitsMs = [100, 300, 1000, 3000];

/** Sends messages to the events stream, each with the server's word that it is stored. */
export class MessageStore {
  private readonly meant: { readonly stream: string };

  constructor(private readonly pipeline: Pipeline) {
    this.meant = { stream: pipeline.config.streams.events.name };
  }

  /** Calls back, since each promise would cost as much as the sending. Throws `TOO_LARGE`. */
  store(message: EventMessage, settle: PublishSettler): void {
    const { subject, payload, headers } = message;
    const headerBytes = Buffer.byteLength(headers);
    if (headerBytes > mostHeaderBytes) throw headersTooLarge(subject, headerBytes);
    this.checkSize(subject, payload.length + headerBytes);
    this.pipeline.link.publishEncoded(
      subject,
      payload,
      headers,
      (answer) => {
        if (answer instanceof Error) this.storeAgain(message, answer).then(settle, settle);
        else settle(this.resultOf(message, answer, 1));
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
  private async storeAgain(
    message: EventMessage,
    firstError: unknown,
  ): Promise<PublishResult | OperationError> {
    let error = firstError;
    for (let tries = 1; ; ) {
      if (!(error instanceof UnreachableError) || error instanceof NoJetStreamError) throw error;
      if (tries === 1) await this.checkExistence(error);
      // Unless its stream has now said that it is there, where the answer came from.
      if (error instanceof WrongDomainError && !this.pipeline.link.home.isFrom(error.answeredFrom))
        throw error;
      const waitMs = retryWaitsMs[tries - 1];
      if (waitMs === undefined) throw unanswered(error, tries, message.msgId);
      await sleep(waitMs);
      tries++;
      try {
        return this.resultOf(message, await this.tryOnce(message), tries);
      } catch (next) {
        // It was not sent: all that is known is of the tries before.
        if (next instanceof ClosedError) throw unanswered(error, tries - 1, message.msgId);
        error = next;
      }
    }
  }

  private tryOnce({ subject, payload, headers }: EventMessage): Promise<PublishAck> {
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
    { counted, subject, msgId, ownId }: EventMessage,
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

/** A stream takes no more of them, whatever `max_payload` is. */
const mostHeaderBytes = 65_535;

function headersTooLarge(subject: string, sizeBytes: number): OperationError {
  return new OperationError(
    `publish to ${subject}: the headers have ${sizeBytes} bytes, the id among them; a stream takes ${mostHeaderBytes}`,
    { code: 'TOO_LARGE', suggestions: ['put it into the data, or leave headers out'] },
  );
}

function unanswered(cause: UnreachableError, tries: number, msgId: string): ConnectionError {
  return new ConnectionError(
    `${cause.message} (${tries === 1 ? 'one try' : `${tries} tries`}); the event may be stored or not`,
    {
      code: 'UNREACHABLE',
      cause,
      suggestions: [`publish it again with the id ${msgId}: it is not stored twice`],
    },
  );
}
