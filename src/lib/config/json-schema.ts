import * as z from 'zod/mini';
import { configSchema, eventDefinition } from './schema.js';

/** JSON Schema (draft 2020-12) of a config file, for editors and for checking JSON configs elsewhere. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A schema is an object with functions: JSON can't hold one.
      if (zodSchema === eventDefinition) delete jsonSchema.properties?.['schema'];
    },
  });
  return {
    $schema,
    title: 'plutomi-events.config.json',
    description: 'A pipeline of plutomi-events',
    ...(rest as Record<string, unknown>),
  };
}
