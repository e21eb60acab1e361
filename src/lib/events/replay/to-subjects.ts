import { setTimeout as sleep } from 'node:timers/promises';
import { PlutomiError } from '../../errors.js';
import type { Clock } from '../../flow/clock.js';
import { NoJetStreamError, TooLargeError, UnreachableError } from '../../nats/errors.js';
import type { Link, PublishAck } from '../../nats/link.js';
import { encodeFor } from '../../nats/wire/headers.js';
import { headerOf, type MessageHeaders, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';
import { Window } from '../publish/window.js';
import type { SubjectMapping } from './mapping.js';
import type { ReplayTally, Sink } from './sink.js';

const inFlight = 1000;
const pauseMs = 500;
/** A target that takes nothing any more is asked again for this long: a cluster takes its time to elect a leader. */
const patienceMs = 30_000;

export interface SubjectSinkFacts {
  readonly link: Link;
  readonly mapping: SubjectMapping;
  /** Begins the message ids; undefined: each keeps its own. */
  readonly name: string;
  readonly keepIds: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/**
 * Publishes events to other subjects, in their order, many in flight. What can't be written ends it: a gap is never left
 * unsaid. Only what the target refuses of one event alone, its size, is counted and passed over.
 */
export class SubjectSink implements Sink {
  stopped: PlutomiError | undefined;
  private readonly window = new Window(inFlight);
  /** Since when nothing was taken, as `clock.monotonic`; undefined: something was. */
  private silentSince: number | undefined;

  constructor(
    private readonly facts: SubjectSinkFacts,
    private readonly tally: ReplayTally,
  ) {}

  take(message: StoredMessage): void | Promise<void> {
    const { mapping, link, keepIds, name } = this.facts;
    const subject = mapping.map(message.subject);
    if (subject === undefined) return;
    const taken = this.tally.take(message.seq);
    this.window.enter();
    const settle = (answer: PublishAck | PlutomiError): void => {
      if (!(answer instanceof Error)) this.tally.write(taken, answer.duplicate);
      else if (answer instanceof TooLargeError) this.tally.fail(taken, 'TOO_LARGE', answer.message);
      else this.stopped ??= answer;
      this.window.leave();
    };
    try {
      const own = keepIds ? headerOf(message.headers, msgIdHeader) : undefined;
      const msgId = own ?? `${name}-${message.stream}-${message.seq}`;
      const headers = encodeFor(subject, withoutServers(message.headers), { msgId });
      const size = message.data.length + Buffer.byteLength(headers);
      if (size > link.maxPayload) settle(tooLarge(subject, size, link));
      else this.publish(subject, message.data, headers, settle);
    } catch (error) {
      if (!(error instanceof PlutomiError)) throw error;
      settle(error);
    }
    if (this.window.isFull) return this.window.room();
  }

  private publish(
    subject: string,
    data: Uint8Array,
    headers: string,
    settle: (answer: PublishAck | PlutomiError) => void,
  ): void {
    this.facts.link.publishEncoded(subject, data, headers, (answer) => {
      if (!mayPass(answer)) {
        this.silentSince = undefined;
        settle(answer);
      } else void this.publishAgain(subject, data, headers, answer).then(settle);
    });
  }

  /** Never rejects. */
  private async publishAgain(
    subject: string,
    data: Uint8Array,
    headers: string,
    first: UnreachableError,
  ): Promise<PublishAck | PlutomiError> {
    const { link, clock, signal } = this.facts;
    this.silentSince ??= clock.monotonic();
    let answer: PublishAck | PlutomiError = first;
    while (mayPass(answer) && this.isPatient(clock.monotonic()) && signal?.aborted !== true) {
      await sleep(pauseMs);
      answer = await new Promise((resolve) => link.publishEncoded(subject, data, headers, resolve));
    }
    if (!mayPass(answer)) this.silentSince = undefined;
    return answer;
  }

  /** What is sent later gives up with the first: it is one target that is silent. */
  private isPatient(now: number): boolean {
    return this.silentSince === undefined || now < this.silentSince + patienceMs;
  }

  end(): Promise<void> {
    return this.window.empty();
  }
}

function mayPass(answer: PublishAck | PlutomiError): answer is UnreachableError {
  return answer instanceof UnreachableError && !(answer instanceof NoJetStreamError);
}

/** What the server does with a message is said anew for each: conditions, a time to live, its id. */
function withoutServers(headers: MessageHeaders): MessageHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^nats-/i.test(name)));
}

function tooLarge(subject: string, size: number, { maxPayload }: Link): TooLargeError {
  return new TooLargeError(
    `publish to ${subject}`,
    undefined,
    `max_payload of the server (${maxPayload} bytes), it has ${size}`,
  );
}
