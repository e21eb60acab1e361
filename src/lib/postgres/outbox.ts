import { checkOptions, type Checks } from '../domain/options.js';
import {
  refuseCount,
  refuseNoClient,
  refuseNoConfig,
  refuseNoFunction,
  refuseNoObject,
  refuseNoText,
} from '../domain/given.js';
import { loadConfig } from '../config/load.js';
import { formatSize } from '../config/schema/size.js';
import type { ConfigProblem } from '../errors.js';
import { OperationError, UsageError } from '../errors.js';
import {
  type EventMessage,
  MessageMaker,
  type MessageParts,
} from '../events/publish/message/make-message.js';
import type { OutgoingEvent } from '../events/publish/outgoing.js';
import { onceTraceable, spanOf } from '../events/publish/trace-publish.js';
import { type PublishWarning, PublishWarnings } from '../events/publish/warnings.js';
import { type Suggestion, suggestCommand } from '../suggestion.js';
import { systemClock } from '../flow/clock.js';
import { environmentOf, modulesOf } from '../open/open-pipeline.js';
import { keyringOf } from '../pipeline/pipeline.js';
import { isInside, markTransaction, markWith, noTransaction, type Queryable, type Row } from './queryable.js';
import { createSql, Table } from './table.js';

/** An event to publish, as `publish` takes it, and what it must stay in order with. */
export interface OutboxEvent extends OutgoingEvent {
  /**
   * Names what the event is about, such as the id of an order: events of one key are published in the order in which
   * their transactions commit. Transactions that add to the same key wait for each other. Default: none, and no order.
   */
  readonly key?: string;
}

/** What was added. */
export interface OutboxResult {
  /** The id that it will be published with. */
  readonly msgId: string;
  /** The subject that it will be published to. */
  readonly subject: string;
}

/** Where events wait, and what is taken. */
export interface OutboxOptions {
  /** `<name>` or `<schema>.<name>`. Default: `outbox`. */
  readonly table?: string;
  /**
   * Larger events, with their headers, are refused before they are added. Bytes; default: 1,048,576, which is what a
   * nats-server takes unless it is told otherwise.
   */
  readonly maxBytes?: number;
  /** Told once for each event type that its events are large, or that it is deprecated. Default: not reported. */
  readonly onPublishWarning?: (warning: PublishWarning) => void;
}

/** Which config to load, besides. */
export interface OpenOutboxOptions extends OutboxOptions {
  /** A config file, relative to `cwd`. Default: that of `cwd`, or of the nearest folder above it that has one. */
  readonly config?: string;
  /** Default: the working folder. */
  readonly cwd?: string;
  /** Called for each setting of the config that is allowed but can lose events. Default: not reported. */
  readonly onWarning?: (warning: ConfigProblem) => void;
}

const outboxChecks = {
  table: refuseNoText,
  maxBytes: refuseCount,
  onPublishWarning: refuseNoFunction,
} as const satisfies Checks<OutboxOptions>;
const openChecks = {
  ...outboxChecks,
  config: refuseNoText,
  cwd: refuseNoText,
  onWarning: refuseNoFunction,
} as const satisfies Checks<OpenOutboxOptions>;

export const defaultOutboxTable = 'outbox';
/** Wakes the relay. */
export const channel = 'plutomi_events_outbox';
export const howToInstall: readonly Suggestion[] = [
  suggestCommand('outbox relay', { flags: { install: true }, why: 'create it, and relay' }),
  'or create it with outbox.install(client), or with the SQL of outbox.sql',
];

/** Takes events in the transactions of a program, for a relay to publish. It needs no connection to NATS. */
export class Outbox {
  private readonly table: Table;
  private readonly maker: MessageMaker;
  private readonly maxBytes: number;
  private readonly stream: string;

  constructor(pipeline: MessageParts, options: OutboxOptions = {}) {
    refuseNoObject('pipeline', pipeline ?? null);
    refuseNoConfig(pipeline.config);
    checkOptions(outboxChecks, options);
    const { table = defaultOutboxTable, maxBytes = 1_048_576, onPublishWarning } = options;
    this.table = new Table(table);
    this.maxBytes = maxBytes;
    this.stream = pipeline.config.streams.events.name;
    this.maker = new MessageMaker(pipeline, onPublishWarning && new PublishWarnings(onPublishWarning));
  }

  /** The SQL that makes the table, for a migration. It can be repeated. */
  get sql(): string {
    return outboxSql(this.table);
  }

  /** Makes the table, where it is not there. */
  async install(client: Queryable): Promise<void> {
    refuseNoClient(client);
    await installOutbox(client, this.table);
  }

  /**
   * Adds an event in the transaction of the caller: it is published if that commits, and never if it does not. The event
   * is checked as `publish` checks it, and stored as it will be sent: encrypted where its type is.
   *
   * @throws UsageError (`UNKNOWN_EVENT_TYPE`, `SUBJECT_PART`, `SCHEMA_VIOLATION`, `NOT_JSON`, `INVALID_HEADER`);
   *   OperationError `TOO_LARGE`, `NO_TRANSACTION`, `NO_TABLE`
   */
  add(client: Queryable, event: OutboxEvent): Promise<OutboxResult> {
    return onceTraceable(() => this.addTraceable(client, event));
  }

  private async addTraceable(client: Queryable, event: OutboxEvent): Promise<OutboxResult> {
    refuseNoClient(client);
    refuseNoObject('event', event ?? null);
    checkKey(event.key);
    const addressed = this.maker.address(event.type, event.data, event);
    const { destination, subject, msgId } = addressed;
    const { counted } = destination;
    const span = spanOf({ subject, counted, stream: this.stream, msgId }, event.headers);
    try {
      const composed = this.maker.compose(addressed, event, span);
      const isUnfinished = this.maker.isUnfinished(destination);
      const message = isUnfinished ? await this.maker.finish(addressed, composed) : composed;
      this.checkSize(message);
      await this.insert(client, message, destination.type, event.key ?? null);
      span?.end();
      return { msgId, subject };
    } catch (error) {
      span?.end(error as Error);
      throw error;
    }
  }

  private checkSize({ subject, payload, headers }: EventMessage): void {
    const sizeBytes = payload.length + Buffer.byteLength(headers);
    if (sizeBytes <= this.maxBytes) return;
    throw new OperationError(
      `outbox: the event for ${subject} has ${sizeBytes} bytes with its headers, more than maxBytes (${formatSize(this.maxBytes)})`,
      {
        code: 'TOO_LARGE',
        suggestions: [
          'store the content elsewhere, and publish a reference to it',
          'or raise max_payload of the server, and maxBytes of the outbox',
        ],
      },
    );
  }

  private async insert(
    client: Queryable,
    { subject, payload, headers, msgId }: EventMessage,
    type: string,
    key: string | null,
  ): Promise<void> {
    const { sql } = this.table;
    let inserted: readonly Row[];
    try {
      if (key === null) await markTransaction(client);
      // Held until the transaction ends: so rows of a key have ids in the order in which they are committed.
      else
        await markWith(
          client,
          `pg_advisory_xact_lock(hashtextextended($1, '${sql}'::regclass::oid::bigint))`,
          [key],
        );
      const { rows } = await client.query(
        `insert into ${sql} (event_id, key, type, subject, headers, payload)
select $1, $2, $3, $4, $5::jsonb, $6 where ${isInside}
returning id, pg_notify('${channel}', '')`,
        [msgId, key, type, subject, JSON.stringify(headersIn(headers)), Buffer.from(payload)],
      );
      inserted = rows;
    } catch (error) {
      throw this.table.explain(error, howToInstall);
    }
    if (inserted.length === 0) throw noTransaction('outbox.add');
  }
}

function checkKey(key: unknown): void {
  if (key === undefined || (typeof key === 'string' && key !== '' && !key.includes('\0'))) return;
  throw new UsageError(`outbox: expected a key that is text and not empty, found ${typeof key}`);
}

/** Names and values of headers as they go over the wire, but for the id, which has its own column. */
function headersIn(headers: string): Readonly<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const line of headers.split('\r\n').slice(1)) {
    const [, name, value] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || name === 'Nats-Msg-Id') continue;
    found[name] = [...(found[name] ?? []), value];
  }
  return found;
}

export function outboxSql(table: Table): string {
  const { sql } = table;
  return `create table if not exists ${sql} (
  id bigint generated always as identity primary key,
  event_id text not null,
  key text,
  type text not null,
  subject text not null,
  headers jsonb not null default '{}',
  payload bytea not null,
  added_at timestamptz not null default now(),
  refused text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index if not exists ${table.index('refused')} on ${sql} (id) where refused is not null;`;
}

export async function installOutbox(client: Queryable, table: Table): Promise<void> {
  await client.query(createSql(outboxSql(table)));
}

/** An outbox for the events of a config that was loaded, or of a pipeline that is open. */
export function makeOutbox(pipeline: MessageParts, options?: OutboxOptions): Outbox {
  return new Outbox(pipeline, options);
}

/**
 * An outbox for the events of a config file. Nothing is connected to: a program can add events while NATS is down.
 *
 * @throws ConfigError (there is no config file, or it has problems; all at once)
 */
export async function openOutbox(options: OpenOutboxOptions = {}): Promise<Outbox> {
  checkOptions(openChecks, options);
  const environment = await environmentOf(options.cwd);
  const { cwd, variables } = environment;
  const { config: file, cwd: _cwd, onWarning, ...others } = options;
  const config = await loadConfig({
    cwd,
    variables,
    ...modulesOf(environment),
    ...(file === undefined ? {} : { file }),
    ...(onWarning ? { onWarning } : {}),
  });
  const keys = keyringOf(config, variables);
  return makeOutbox({ config, clock: systemClock, keys }, others);
}
