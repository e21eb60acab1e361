import type { ConfigProblem } from '../errors.js';
import { reportIssues } from './issues.js';
import { Problems } from './problems.js';
import { configSchema, type ParsedConfig } from './schema.js';

export interface Validated {
  /** Undefined when there are problems. */
  readonly parsed: ParsedConfig | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Checks everything that can be known without a server; all problems at once. */
export async function validateConfig(raw: unknown, _folder: string): Promise<Validated> {
  const problems = new Problems();
  const result = configSchema.safeParse(raw);
  if (!result.success) reportIssues(problems, raw, result.error.issues);
  return {
    parsed: problems.all.length === 0 ? result.data : undefined,
    problems: problems.all,
    warnings: [],
  };
}
