import { describeIssues, type StandardSchema } from '../config/standard-schema.js';
import { ConfigError, messageOf, UsageError } from '../errors.js';

/**
 * Checks the payload as a handler will see it: decoded from its bytes.
 *
 * @throws UsageError `SCHEMA_VIOLATION`; ConfigError when the schema itself fails
 */
export async function checkPayload(type: string, schema: StandardSchema, payload: Uint8Array): Promise<void> {
  const data = decode(type, payload);
  let issues: Parameters<typeof describeIssues>[0] | undefined;
  try {
    ({ issues } = await schema['~standard'].validate(data));
  } catch (error) {
    throw new ConfigError(`the schema of ${type} failed: ${messageOf(error)}`, [], { cause: error });
  }
  if (issues) throw violation(`the data breaks the schema of ${type}: ${describeIssues(issues)}`);
}

function decode(type: string, payload: Uint8Array): unknown {
  if (payload.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw violation(`${type} has a schema, and the data is not JSON: ${messageOf(error)}`);
  }
}

function violation(message: string): UsageError {
  return new UsageError(message, { code: 'SCHEMA_VIOLATION' });
}
