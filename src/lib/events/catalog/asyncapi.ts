import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoObject, refuseNoText, refuseObjects } from '../../domain/given.js';
import { createHash } from 'node:crypto';
import { formatDuration } from '../../domain/duration.js';
import { partsOf } from '../../domain/subject-template.js';
import type { Catalog, CatalogEvent } from './catalog.js';

/** An AsyncAPI document, as a value to be written as JSON or YAML. */
export type AsyncApiDocument = Readonly<Record<string, unknown>>;

/** How the document is made. */
export interface AsyncApiOptions {
  /** `info.version`. Default: of what the document says, so that it changes when that does. */
  readonly version?: string | undefined;
}

/**
 * The catalogue as AsyncAPI 3.1: a channel, a message and a `send` for each type, and a `receive` for each of its
 * consumers. What AsyncAPI has no word for stands under `x-plutomi`.
 */
export function asyncApiOf(catalog: Catalog, options: AsyncApiOptions = {}): AsyncApiDocument {
  refuseNoObject('catalog', catalog ?? null);
  refuseObjects('catalog.events', catalog.events ?? null);
  checkOptions({ version: refuseNoText } as const satisfies Checks<AsyncApiOptions>, options);
  const named = catalog.events.map((event, i) => ({ event, key: keyOf(event.type, i) }));
  const { pipeline, stream } = catalog;
  const version = options.version ?? digestOf(catalog);
  return {
    asyncapi: '3.1.0',
    info: { title: pipeline, version },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(named.map(({ event, key }) => [key, channelOf(event, key)])),
    operations: Object.fromEntries(named.flatMap(({ event, key }) => operationsOf(event, key))),
    components: {
      messages: Object.fromEntries(named.map(({ event, key }) => [key, messageIn(event)])),
    },
    'x-plutomi': {
      stream: stream.name,
      subjects: stream.subjects,
      maxAge: stream.maxAgeMs === 0 ? null : formatDuration(stream.maxAgeMs),
    },
  };
}

function digestOf(catalog: Catalog): string {
  return createHash('sha256').update(JSON.stringify(catalog)).digest('hex').slice(0, 12);
}

/** Keys of components are ASCII: what else a type may hold is replaced, and its number makes it one of its own. */
function keyOf(type: string, index: number): string {
  const plain = type.replaceAll(/[^\w.-]/g, '_');
  return plain === type ? type : `${plain}_${index}`;
}

const ref = (path: string) => ({ $ref: `#/${path}` });

function channelOf(event: CatalogEvent, key: string): object {
  return {
    address: event.template ?? event.subject,
    ...(event.template === null
      ? {}
      : { parameters: Object.fromEntries(partsOf(event.template).map((part) => [part, {}])) }),
    ...(event.description === null ? {} : { description: event.description }),
    messages: { [key]: ref(`components/messages/${key}`) },
  };
}

function operationsOf(event: CatalogEvent, key: string): [name: string, operation: object][] {
  const about = { channel: ref(`channels/${key}`), messages: [ref(`channels/${key}/messages/${key}`)] };
  const { owner, consumers } = event;
  return [
    [`publish.${key}`, { action: 'send', ...about, ...(owner === null ? {} : { 'x-plutomi': { owner } }) }],
    ...consumers.map(({ name, external }): [string, object] => [
      `${name}.${key}`,
      { action: 'receive', ...about, 'x-plutomi': { consumer: name, external } },
    ]),
  ];
}

function messageIn(event: CatalogEvent): object {
  const { type, description, deprecated, owner, schema, examples } = event;
  return {
    name: type,
    title: type,
    ...(description === null ? {} : { description }),
    ...(deprecated === false ? {} : { deprecated: true }),
    ...(owner === null ? {} : { tags: [{ name: owner }] }),
    headers: {
      type: 'object',
      properties: { 'Event-Type': { type: 'string', const: type }, 'Nats-Msg-Id': { type: 'string' } },
    },
    ...(schema === null
      ? {}
      : { payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema } }),
    ...(examples.length === 0 ? {} : { examples: examples.map((payload) => ({ payload })) }),
    'x-plutomi': factsOf(event),
  };
}

function factsOf({ owner, deprecated, encrypted, maxBytes, schemaProblem }: CatalogEvent): object {
  return {
    ...(owner === null ? {} : { owner }),
    ...(typeof deprecated === 'string' ? { instead: deprecated } : {}),
    ...(encrypted ? { encrypted } : {}),
    maxBytes,
    ...(schemaProblem === null ? {} : { schemaProblem }),
  };
}
