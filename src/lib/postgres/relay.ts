import { anyOf, type Checks, requireOptions } from '../domain/options.js';
import {
  refuseNoFlag,
  refuseNoLogger,
  refuseNoNumber,
  refuseNoPipeline,
  refuseNoSignal,
  refuseNoText,
} from '../domain/given.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { filterContains, isSubject } from '../domain/subjects.js';
import { ConnectionError, OperationError, PlutomiError, UsageError } from '../errors.js';
import { otherType } from '../events/publish/count-published.js';
import type { EventMessage } from '../events/publish/message/make-message.js';
import { MessageStore } from '../events/publish/message/store-message.js';
import type { PublishResult } from '../events/publish/outgoing.js';
import { encodeFor, type OutgoingHeaders } from '../nats/wire/headers.js';
import { type Logger, silentLogger } from '../observe/log.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type Database, describeDatabase } from './database.js';
import { connectionReason } from '../domain/connection-reason.js';
import { defaultOutboxTable } from './outbox.js';
import { publishRows, type Published } from './publish-rows.js';
import { OutboxSession, type WaitingEvent } from './session.js';
import { Table } from './table.js';

/** From where, and until when. */
export interface RelayOptions {
  /** The database: a URL, or what the `Client` of `pg` takes. Not through a pooler that shares connections among transactions. */
  readonly database: Database;
  /** `<name>` or `<schema>.<name>`. Default: `outbox`. */
  readonly table?: string;
  /** Ends it: what is on its way is finished, within 10 s. */
  readonly signal?: AbortSignal;
  /** End once nothing waits. Default: go on until `signal`. */
  readonly once?: boolean;
  /** How often it looks although nobody has woken it, ms. Default: 1000. */
  readonly pollMs?: number;
  /** Takes what happens. Default: nothing is logged. */
  readonly log?: Logger;
}

const relayChecks = {
  database: anyOf('a URL, or what the Client of pg takes', 'string', 'object'),
  table: refuseNoText,
  signal: refuseNoSignal,
  once: refuseNoFlag,
  pollMs: refuseNoNumber,
  log: refuseNoLogger,
} as const satisfies Checks<RelayOptions>;

/** What a relay has done. */
export interface RelayResult {
  /** Events that the stream has now. */
  readonly published: number;
  /** Those among them that it had before: a relay was stopped between publishing and removing them. */
  readonly duplicates: number;
  /** Events that can't be published: they stay, with the reason, and later ones of their key wait. */
  readonly refused: number;
}

/** ms */
const times = {
  poll: 1000,
  standBy: 1000,
  /** What was read may be published so long: another relay may have taken over since, and then the duplicate window runs. */
  fresh: 30_000,
  drain: 10_000,
  longestPoll: 30_000,
  waits: [100, 300, 1000, 3000],
};

/**
 * Publishes the events of an outbox, and removes each once the events stream has it. Several may run: one is at work, and
 * another takes over when its connection to the database ends. Connections that break are made again.
 *
 * @throws UsageError for a database or a table that is none; OperationError `NO_PG`, `NO_TABLE`; ConnectionError
 *   `NO_DATABASE` for the first connection; with `once` also why an event can't be published now
 */
export async function relayOutbox(pipeline: Pipeline, options: RelayOptions): Promise<RelayResult> {
  refuseNoPipeline(pipeline);
  requireOptions(relayChecks, options, ['database']);
  return new Relay(pipeline, options).run();
}

class Relay {
  private readonly tally = { published: 0, duplicates: 0, refused: 0 };
  private readonly table: Table;
  private readonly log: Logger;
  private readonly signal: AbortSignal;
  private readonly messages: MessageStore;
  /** What is on its way is no longer waited for. */
  private giveUp: (() => void) | undefined;
  private wasConnected = false;
  private toldStandBy = false;
  private failures = 0;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly options: RelayOptions,
  ) {
    const { table = defaultOutboxTable, log = silentLogger(), signal, pollMs = times.poll } = options;
    if (!(pollMs > 0 && pollMs <= times.longestPoll))
      throw new UsageError(`pollMs: expected 1 to ${times.longestPoll}, found ${pollMs}`);
    this.table = new Table(table);
    this.log = log;
    this.signal = signal ?? new AbortController().signal;
    void drainedAfter(this.signal).then(() => this.giveUp?.());
    this.messages = new MessageStore(pipeline);
  }

  async run(): Promise<RelayResult> {
    while (!this.signal.aborted && !(await this.connectAndServe())) await this.pause();
    return { ...this.tally };
  }

  /** True: it is done. False: the connection to the database broke. */
  private async connectAndServe(): Promise<boolean> {
    let session: OutboxSession | undefined;
    try {
      session = await OutboxSession.open(this.options.database, this.table);
      this.wasConnected = true;
      await this.serve(session);
      return true;
    } catch (error) {
      const mayPass = session?.lost || (error instanceof ConnectionError && error.code === 'NO_DATABASE');
      // What the database itself says without ending the connection may pass too: it is starting, or full.
      const isOurs = error instanceof PlutomiError && !mayPass;
      if (!this.wasConnected || isOurs) throw error;
      this.log.warn({ err: connectionReason(error) }, 'the database does not answer: connecting again');
      return false;
    } finally {
      await session?.close();
    }
  }

  private async serve(session: OutboxSession): Promise<void> {
    if (!(await this.takeOver(session))) return;
    await session.listen();
    const tried = await session.takeBack();
    this.log.info(
      { database: describeDatabase(this.options.database), table: this.table.name, refusedBefore: tried },
      'relaying the outbox',
    );
    const held = new Set<string>();
    while (!this.signal.aborted) {
      const events = await session.read(held);
      if (events.length === 0) {
        this.failures = 0;
        if (this.options.once) return;
        await session.woken(this.options.pollMs ?? times.poll, this.signal);
        continue;
      }
      const failure = await this.publish(session, events, held);
      if (failure === undefined) continue;
      if (this.options.once) throw failure;
      this.log.warn({ err: connectionReason(failure) }, 'events are not published: trying again');
      await this.pause();
    }
  }

  /** False: nothing is left to do. */
  private async takeOver(session: OutboxSession): Promise<boolean> {
    while (!this.signal.aborted) {
      if (await session.lock()) return true;
      if (this.options.once && (await session.isEmpty())) return false;
      if (!this.toldStandBy) this.log.info('another relay is at work: standing by');
      this.toldStandBy = true;
      await session.woken(times.standBy, this.signal);
    }
    return false;
  }

  /** Why some still wait; undefined: they don't, or it was stopped. */
  private async publish(
    session: OutboxSession,
    events: readonly WaitingEvent[],
    held: Set<string>,
  ): Promise<unknown> {
    const { clock } = this.pipeline;
    const staleAt = clock.monotonic() + times.fresh;
    const outcome: Published = { done: [], duplicates: 0, refused: [] };
    const mayGoOn = (): boolean => !this.signal.aborted && !session.lost && clock.monotonic() < staleAt;
    const all = publishRows(events, (event) => this.publishOne(event), mayGoOn, outcome);
    await new Promise<void>((resolve) => {
      this.giveUp = resolve;
      void all.then(resolve);
    });
    const { done, duplicates, refused, failure } = outcome;
    await session.remove([...done]);
    this.tally.published += done.length;
    this.tally.duplicates += duplicates;
    if (done.length > 0) {
      this.failures = 0;
      this.log.debug({ published: done.length, duplicates }, 'published');
    }
    for (const { event, reason } of refused) {
      const { id, eventId, key, type, subject } = event;
      this.log.error({ row: id, id: eventId, type, subject, err: reason }, 'an event is refused: it stays');
      await session.refuse(id, reason);
      this.tally.refused++;
      if (key !== null) held.add(key);
    }
    return failure;
  }

  private publishOne(event: WaitingEvent): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      this.messages.store(this.messageOf(event), (result) =>
        result instanceof Error ? reject(result) : resolve(result),
      );
    });
  }

  private messageOf({ eventId, type, subject, headers, payload }: WaitingEvent): EventMessage {
    if (!isSubject(subject) || !this.isOurs(subject)) throw wrongSubject({ subject });
    const isKnown = this.pipeline.config.events.some((one) => one.type === type);
    return {
      counted: isKnown ? type : otherType,
      subject,
      payload,
      headers: encoded(subject, headers, eventId),
      msgId: eventId,
      // A relay before this one may have published it.
      ownId: false,
    };
  }

  private isOurs(subject: string): boolean {
    return this.pipeline.config.streams.events.subjects.some((one) => filterContains(one, subject));
  }

  /** Longer each time, until something goes well. */
  private async pause(): Promise<void> {
    const ms = times.waits[Math.min(this.failures++, times.waits.length - 1)] ?? times.poll;
    await sleep(ms, undefined, { signal: this.signal }).catch(() => {});
  }
}

/** Rows may be added by other programs. */
function encoded(subject: string, headers: unknown, msgId: string): string {
  try {
    return encodeFor(subject, headers as OutgoingHeaders, { msgId });
  } catch (error) {
    throw new OperationError(`its headers can't be sent: ${connectionReason(error)}`, {
      code: 'INVALID_HEADER',
      cause: error,
    });
  }
}

function wrongSubject({ subject }: Pick<WaitingEvent, 'subject'>): OperationError {
  return new OperationError(`the events stream of the config does not store the subject ${subject}`, {
    code: 'WRONG_SUBJECT',
  });
}

/** One for all that waits for it. */
async function drainedAfter(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await sleep(times.drain, undefined, { ref: false });
}
