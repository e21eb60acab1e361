import { makeFailure } from '../../domain/failure.js';
import { EventRegistry, makeEvent } from '../../handlers/event.js';
import type { Handler } from '../../handlers/contract.js';
import { invoke } from '../../handlers/invoke.js';
import { keysOf } from '../../encryption/keyring.js';
import { headerOf, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';
import type { Logger } from '../../observe/log.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { ReplayTally, Sink } from './sink.js';

/** The consumer that a handler is told: it is none of the config's. */
const consumer = 'events-replay';

/** More kinds of failures are counted as one. */
const mostKinds = 100;

/** Calls a handler with each event, one after the other. */
export class HandlerSink implements Sink {
  private readonly registry: EventRegistry;
  private readonly kinds = new Set<string>();

  constructor(
    pipeline: Pipeline,
    private readonly handler: Handler,
    private readonly tally: ReplayTally,
    private readonly facts: {
      readonly timeoutMs: number;
      readonly log: Logger;
      readonly signal: AbortSignal | undefined;
    },
  ) {
    this.registry = new EventRegistry(pipeline.config, undefined, keysOf(pipeline));
  }

  async take(message: StoredMessage): Promise<void> {
    const { timeoutMs, log, signal } = this.facts;
    const { stream, subject, seq, time, data, headers } = message;
    const msgId = headerOf(headers, msgIdHeader);
    const event = { stream, subject, seq, time, data, headers, msgId, replayed: true };
    const taken = this.tally.take(seq);
    const context = {
      consumer,
      stage: 'main',
      attempt: 1,
      cycle: 0,
      idempotencyKey: `${consumer}/${stream}/${seq}/${time}`,
      log: () => log.child({ consumer, seq, subject }),
    } as const;
    const invocation = invoke(this.handler, () => makeEvent(event, this.registry), context, timeoutMs);
    const abort = (): void => invocation.abort(new Error('the replay was stopped'));
    signal?.addEventListener('abort', abort, { once: true });
    const outcome = await invocation.outcome;
    signal?.removeEventListener('abort', abort);
    if (outcome.kind === 'ok') return this.tally.write(taken);
    const failure =
      outcome.kind === 'failed'
        ? outcome.failure
        : makeFailure('error', 'Snooze', 'the handler asked for a later time, and a replay has none');
    const { fingerprint, name, message: said } = failure;
    if (this.kinds.size < mostKinds) this.kinds.add(fingerprint);
    this.tally.fail(taken, this.kinds.has(fingerprint) ? fingerprint : '', `${name}: ${said}`);
  }

  async end(): Promise<void> {}
}
