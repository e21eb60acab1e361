import { messageOf } from '../../errors.js';
import { defaultEventMaxBytes } from '../resolve.js';
import type { EventType, PipelineConfig } from '../resolved.js';
import { describeIssues } from '../schema/standard-schema.js';
import { formatSize } from '../schema/size.js';
import { formatPath } from '../validation/problems.js';
import type { LintFinding } from './finding.js';

/** Examples are events that could be published. The schemas of a config from the server are not here. */
export async function lintExamples({ events, applied }: PipelineConfig): Promise<LintFinding[]> {
  const findings: LintFinding[] = [];
  for (const event of events) {
    for (const [i, example] of (event.examples ?? []).entries()) {
      const path = formatPath(['events', event.type, 'examples', i]);
      const invalid = applied === undefined ? await problemOf(event, example) : undefined;
      if (invalid !== undefined) findings.push({ path, rule: 'example-invalid', message: invalid });
      const large = sizeProblem(event, example);
      if (large !== undefined) findings.push({ path, rule: 'example-too-large', message: large });
    }
  }
  return findings;
}

async function problemOf({ schema }: EventType, example: unknown): Promise<string | undefined> {
  if (schema === undefined) return undefined;
  try {
    const { issues } = await schema['~standard'].validate(example);
    return issues && `it does not match the schema: ${describeIssues(issues)}`;
  } catch (error) {
    return `the schema failed: ${messageOf(error)}`;
  }
}

function sizeProblem({ maxBytes = defaultEventMaxBytes() }: EventType, example: unknown): string | undefined {
  const sizeBytes = Buffer.byteLength(JSON.stringify(example) ?? '');
  if (sizeBytes <= maxBytes) return undefined;
  return `it has ${sizeBytes} bytes, more than the maxBytes of its type (${formatSize(maxBytes)})`;
}
