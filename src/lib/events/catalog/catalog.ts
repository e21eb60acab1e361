import { refuseNoConfig } from '../../domain/given.js';
import { type EventType, type PipelineConfig, readersOf } from '../../config/resolved.js';
import { defaultEventMaxBytes } from '../../config/resolve.js';
import { filtersOverlap } from '../../domain/subjects.js';
import { jsonSchemaOf } from './json-schema-of.js';

/** What events there are, who publishes them, and who reads them. */
export interface Catalog {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** The stream that holds the events. */
  readonly stream: {
    /** Its name on the server. */
    readonly name: string;
    /** What it stores. */
    readonly subjects: readonly string[];
    /** How long it keeps an event, ms; 0: forever. */
    readonly maxAgeMs: number;
  };
  /** In the order of the config. */
  readonly events: readonly CatalogEvent[];
}

/** An event type, for people and tools outside of the pipeline. */
export interface CatalogEvent {
  /** Its name. */
  readonly type: string;
  /** Where it is published; `*` stands for each of its parts. */
  readonly subject: string;
  /** The subject with the names of its parts, `events.{tenant}.…`; null: it has none. */
  readonly template: string | null;
  /** What has happened when there is one; null: the config does not say. */
  readonly description: string | null;
  /** The one service that publishes it; null: the config does not say. */
  readonly owner: string | null;
  /** True, or what to use instead. */
  readonly deprecated: boolean | string;
  /** Its payload is encrypted on the wire. */
  readonly encrypted: boolean;
  /** A larger payload is published with a warning, bytes. */
  readonly maxBytes: number;
  /** JSON Schema (2020-12) of the data as it is published; null: there is none, or it can't be said as one. */
  readonly schema: object | null;
  /** Why there is no JSON Schema though the type has a schema; null: there is one, or the type has none. */
  readonly schemaProblem: string | null;
  /** Data of such events. */
  readonly examples: readonly unknown[];
  /** Who reads it. */
  readonly consumers: readonly CatalogConsumer[];
}

/** A consumer of an event type. */
export interface CatalogConsumer {
  /** Its name. */
  readonly name: string;
  /** Its worker is another program. */
  readonly external: boolean;
}

/** The catalogue of a config's event types. No server is needed for it. */
export function catalogOf(config: PipelineConfig): Catalog {
  refuseNoConfig(config);
  const { name, subjects, maxAgeMs } = config.streams.events;
  return {
    pipeline: config.name,
    stream: { name, subjects, maxAgeMs },
    events: config.events.map((event) => entryOf(event, config)),
  };
}

function entryOf(event: EventType, config: PipelineConfig): CatalogEvent {
  const { type, subject, description, owner, deprecated, encrypt, maxBytes, examples } = event;
  const external = new Set(config.external.map((one) => one.name));
  return {
    type,
    subject,
    template: event.template ?? null,
    description: description ?? null,
    owner: owner ?? null,
    deprecated: deprecated ?? false,
    encrypted: encrypt === true,
    maxBytes: maxBytes ?? defaultEventMaxBytes(),
    ...jsonSchemaOf(event.schema),
    examples: examples ?? [],
    consumers: readersOf(config)
      .filter((one) => one.subjects.some((filter) => filtersOverlap(filter, subject)))
      .map((one) => ({ name: one.name, external: external.has(one.name) })),
  };
}
