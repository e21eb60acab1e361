import type { JsonObject } from '../../domain/decode.js';
import { OperationError } from '../../errors.js';
import { configFrom } from '../load.js';
import type { AlertSettings, PipelineConfig, ReaderSettings } from '../resolved.js';
import type { StandardSchema } from '../schema/standard-schema.js';
import type { AppliedDocument } from './applied-document.js';

/** Where a handler is expected in a config, and none came with it. */
const elsewhere = 'elsewhere';

/**
 * The config of an applied document, checked by the rules of a config file. Its consumers have no handlers, and its
 * schemas refuse whatever they are asked.
 *
 * @throws ConfigError with all that is wrong with it; `named` is what stands for it in the message
 */
export async function configFromStored(document: AppliedDocument, named: string): Promise<PipelineConfig> {
  const { at, by, file, hash, config: stored } = document;
  // Where the server is, the reader knows: what another one says about it counts for nothing.
  const { server: _server, consumers, events, ...rest } = stored;
  const value = {
    ...rest,
    ...(consumers === undefined ? {} : { consumers: mapped(consumers, withHandler) }),
    ...(events === undefined ? {} : { events: mapped(events, withSchema) }),
  };
  const config = await configFrom(value, { folder: '/', named });
  return {
    ...config,
    file,
    applied: { at, by, file, hash },
    alerts: withoutHandler(config.alerts),
    consumers: config.consumers.map((consumer) => withoutAlert({ ...consumer, handler: '' })),
    external: config.external.map(withoutAlert),
  };
}

function withoutHandler({ handler: _handler, ...alerts }: AlertSettings): AlertSettings {
  return alerts;
}

function withoutAlert<T extends Pick<ReaderSettings, 'onDeadLetter'>>(reader: T): T {
  const { handler: _handler, ...onDeadLetter } = reader.onDeadLetter;
  return { ...reader, onDeadLetter };
}

/** What is no object is left as it is, for the rules to refuse. */
function mapped(value: unknown, change: (entry: JsonObject, name: string) => unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, isObject(entry) ? change(entry, name) : entry]),
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withHandler(consumer: JsonObject): JsonObject {
  return consumer['external'] === true ? consumer : { ...consumer, handler: elsewhere };
}

function withSchema(event: JsonObject, type: string): JsonObject {
  const { schema, ...rest } = event;
  return typeof schema === 'string' ? { ...rest, schema: schemaElsewhere(type, schema) } : event;
}

/** In place of a schema, which is a function, and stayed where the config file is. */
function schemaElsewhere(type: string, vendor: string): StandardSchema {
  const validate = (): never => {
    throw new OperationError(
      `${type} has a schema in the config file, and the config was read from the server`,
      {
        code: 'SCHEMA_ELSEWHERE',
        suggestions: ['run it where the config file is, or name the file with --config'],
      },
    );
  };
  return { '~standard': { version: 1, vendor, validate } };
}
