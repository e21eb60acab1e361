import * as z from 'zod/mini';
import { UsageError } from '../../errors.js';
import { closest } from '../../domain/closest.js';
import { metadata } from './fields.js';
import { formatPath, type Path } from '../validation/problems.js';
import { externalConsumer, managedConsumer, start } from './consumer.js';
import { eventDefinition } from './event-type.js';
import { configSchema } from './schema.js';
import { keysAt, knownPart } from './schema-keys.js';
import { suggestCommand } from '../../suggestion.js';

/** JSON Schema (draft 2020-12) of a config file, for editors and for checking JSON configs elsewhere. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: 'input',
    metadata,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A schema is an object with functions: JSON can't hold one.
      if (zodSchema === eventDefinition) delete jsonSchema.properties?.['schema'];
      if (zodSchema === managedConsumer || zodSchema === externalConsumer) {
        jsonSchema.allOf = [{ oneOf: [having('events'), having('subjects')] }];
      }
      if (zodSchema === managedConsumer) {
        const several = { ordered: { const: true }, concurrency: { not: { const: 1 } } };
        jsonSchema.not = { properties: several, required: Object.keys(several) };
      }
      if (zodSchema === externalConsumer) jsonSchema.not = having('ackWait', 'backoff');
      if (zodSchema === start) Object.assign(jsonSchema, { minProperties: 1, maxProperties: 1 });
    },
  });
  return {
    $schema,
    title: 'plutomi-events.config.json',
    description: 'A pipeline of plutomi-events',
    ...(rest as Record<string, unknown>),
  };
}

/** An object that has these keys. */
function having(...keys: string[]): z.core.JSONSchema.JSONSchema {
  return { properties: Object.fromEntries(keys.map((key) => [key, true])), required: keys };
}

interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: Part | boolean;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  readonly oneOf?: readonly Part[];
}

/**
 * What the value at a path of a config may be, whatever the names of its consumers and events are. Throws UsageError
 * for a path that no config has.
 */
export function schemaOf(path: Path): Record<string, unknown> {
  let parts: readonly Part[] = [configJsonSchema()];
  for (const part of path) parts = parts.flatMap(shapesOf).flatMap((schema) => below(schema, part));
  const different = [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
  const [first] = different;
  if (first === undefined) throw unknownKey(path);
  return different.length === 1 ? { ...first } : { anyOf: different };
}

function shapesOf(schema: Part): readonly Part[] {
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), schema];
}

function below({ properties = {}, additionalProperties, items }: Part, part: string | number): Part[] {
  if (typeof part === 'number') return items ? [items] : [];
  if (Object.hasOwn(properties, part)) return [properties[part] as Part];
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}

function unknownKey(path: Path): UsageError {
  const known = knownPart(path);
  const keys = keysAt(known);
  const near = closest(String(path[known.length]), keys);
  const where = known.length === 0 ? 'a config' : formatPath(known);
  return new UsageError(
    `${where} has no key ${formatPath([path[known.length] ?? ''])}; it has ${[...new Set(keys)].join(', ') || 'no keys'}`,
    near === undefined
      ? {}
      : {
          suggestions: [
            suggestCommand('config schema', { args: [formatPath([...known, near])], why: 'did you mean' }),
          ],
        },
  );
}
