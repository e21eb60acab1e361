import type { StandardSchema } from '../../config/schema/standard-schema.js';
import { messageOf } from '../../errors.js';

const target = 'draft-2020-12';

/** The JSON Schema of what a schema takes, by Standard JSON Schema v1; it may not be able to say it as one. */
export function jsonSchemaOf(schema: StandardSchema | undefined): {
  readonly schema: object | null;
  readonly schemaProblem: string | null;
} {
  if (schema === undefined) return { schema: null, schemaProblem: null };
  const { vendor, jsonSchema } = schema['~standard'];
  const none = (schemaProblem: string) => ({ schema: null, schemaProblem });
  if (jsonSchema === undefined) return none(`the schema, of ${vendor}, does not give a JSON Schema`);
  try {
    const found: unknown = jsonSchema.input({ target });
    if (typeof found !== 'object' || found === null) return none(`${vendor} gave no JSON Schema`);
    return { schema: found, schemaProblem: null };
  } catch (error) {
    return none(`${vendor}: ${messageOf(error)}`);
  }
}
