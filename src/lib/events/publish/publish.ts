import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFunction, refuseNoObject, refuseNoPipeline } from '../../domain/given.js';
import { messageOf } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { fillSubject } from './fill-subject.js';
import { MessageMaker } from './message/make-message.js';
import { MessageStore } from './message/store-message.js';
import {
  type OutgoingEvent,
  publishChecks,
  type PublishEventOptions,
  type PublishResult,
} from './outgoing.js';
import {
  publishAll,
  type PublishManyOptions,
  type PublishManyResult,
  type PublishSettler,
} from './publish-many.js';
import { onceTraceable, settlingSpan, spanOf } from './trace-publish.js';
import { type PublishWarning, PublishWarnings } from './warnings.js';

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
  private readonly stream: string;
  private readonly maker: MessageMaker;
  private readonly messages: MessageStore;

  constructor(pipeline: Pipeline, options: PublisherOptions = {}) {
    refuseNoPipeline(pipeline);
    checkOptions({ onWarning: refuseNoFunction } as const satisfies Checks<PublisherOptions>, options);
    const { onWarning } = options;
    this.stream = pipeline.config.streams.events.name;
    this.maker = new MessageMaker(pipeline, onWarning && new PublishWarnings(onWarning));
    this.messages = new MessageStore(pipeline);
  }

  /** The subject that events of this type, or on this subject, go to. Throws UsageError `UNKNOWN_EVENT_TYPE`. */
  subjectOf(typeOrSubject: string): string {
    return this.maker.destinationOf(typeOrSubject).subject;
  }

  /** The subject that this very event goes to. Throws UsageError `UNKNOWN_EVENT_TYPE`, `SUBJECT_PART`. */
  subjectFor(typeOrSubject: string, data: unknown, options: PublishEventOptions = {}): string {
    return fillSubject(this.maker.destinationOf(typeOrSubject), data, options);
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
   *   sent; OperationError `TOO_LARGE`, `NO_STREAM`, `WRONG_STREAM`, `STORE_FULL`; ConnectionError `CLOSED`,
   *   after which nothing was sent, and `UNREACHABLE`, after which the event may be stored or not: publish it again with the same id
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
      checkOptions(publishChecks, options);
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
    return onceTraceable(() => publishAll(events, publish, this.stream, options));
  }

  /** As `publish`, for very many: calls back, since each promise would cost as much as the sending. Never throws. */
  start(typeOrSubject: string, data: unknown, options: PublishEventOptions, settle: PublishSettler): void {
    let done = settle;
    try {
      refuseNoObject('options', options);
      const addressed = this.maker.address(typeOrSubject, data, options);
      const { destination, subject, msgId } = addressed;
      const { counted } = destination;
      const span = spanOf({ subject, counted, stream: this.stream, msgId }, options.headers);
      if (span) done = settlingSpan(span, settle);
      const message = this.maker.compose(addressed, options, span);
      if (!this.maker.isUnfinished(destination)) this.messages.store(message, done);
      else
        this.maker
          .finish(addressed, message)
          .then((finished) => this.messages.store(finished, done))
          .catch(done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }
}
