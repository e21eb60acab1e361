import { describeIssues, type StandardSchema } from '../../config/schema/standard-schema.js';
import { decodeText } from '../../domain/decode.js';
import { type Numbers, parseWithNumbers } from '../../domain/numbers.js';
import { ConfigError, messageOf, OperationError, UsageError } from '../../errors.js';

/**
 * Checks the payload as a handler will see it: decoded from its bytes.
 *
 * @throws UsageError `SCHEMA_VIOLATION`; ConfigError when the schema itself fails; OperationError `SCHEMA_ELSEWHERE`
 */
export async function checkPayload(
  type: string,
  schema: StandardSchema,
  payload: Uint8Array,
  numbers: Numbers = 'number',
  isSecret = false,
): Promise<void> {
  const data = decode(type, payload, numbers);
  let issues: Parameters<typeof describeIssues>[0] | undefined;
  try {
    ({ issues } = await schema['~standard'].validate(data));
  } catch (error) {
    // Our own: the schema is not here.
    if (error instanceof OperationError) throw error;
    // What it throws may quote the data.
    if (isSecret) throw new ConfigError(`the schema of ${type} failed, not shown: its payload is encrypted`);
    throw new ConfigError(`the schema of ${type} failed: ${messageOf(error)}`, [], { cause: error });
  }
  if (issues)
    throw violation(`the data does not match the schema of ${type}: ${describeIssues(issues, isSecret)}`);
}

function decode(type: string, payload: Uint8Array, numbers: Numbers): unknown {
  const text = decodeText(payload);
  if (text === '') return undefined;
  const decoded = text === undefined ? undefined : parseWithNumbers(text, numbers);
  if (decoded?.ok) return decoded.value;
  throw violation(
    `${type} has a schema, and the data is not JSON: ${payload.length} bytes, ${decoded?.reason ?? 'not text in UTF-8'}`,
  );
}

function violation(message: string): UsageError {
  return new UsageError(message, { code: 'SCHEMA_VIOLATION' });
}
