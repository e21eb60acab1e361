import type { ConfigProblem } from '../../errors.js';
import { checkAlerts } from './checks/alerts.js';
import { checkConsumers } from './checks/consumers.js';
import { checkEvents } from './checks/events.js';
import { checkHandlers } from './checks/handlers.js';
import { checkNotices } from './checks/outside.js';
import { checkServer } from './checks/server.js';
import { checkStages } from './checks/stages.js';
import { checkStreams } from './checks/streams.js';
import { checkWaits } from './checks/waits.js';
import { fillIn, overridden, type Variables } from './fill-in.js';
import { reportIssues } from './issues.js';
import { type PositionOf, Problems } from './problems.js';
import { checkPrototypes } from './checks/prototypes.js';
import { withoutBroken } from './repair.js';
import { configSchema, type ParsedConfig } from '../schema/schema.js';
import { warningsOf } from './warnings.js';
import type { Suggestion } from '../../suggestion.js';

/** A config is read once: to compile code for that would take longer than to do it. */
const parsing = { jitless: true };

export interface Validated {
  /** Undefined when there are problems. */
  readonly parsed: ParsedConfig | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  /** What to do about the problems. */
  readonly suggestions: readonly Suggestion[];
}

export interface ValidateOptions {
  /** Gives what knows the position of a path. */
  readonly positions?: (() => Promise<PositionOf>) | undefined;
  /** The environment: NATS_SUBJECT_PREFIX is stronger than the config. Default: empty. */
  readonly variables?: Variables | undefined;
  /** Fill in `${NAME}` from the environment. Default: it stands for itself. */
  readonly fills?: boolean | undefined;
  /** Handler files that are not there are problems. Default: they are not looked for. */
  readonly handlerFiles?: boolean | undefined;
}

/**
 * Checks everything that can be known without a server; all problems at once. `folder` is what relative paths
 * are relative to.
 */
export async function validateConfig(
  written: unknown,
  folder: string,
  { positions, variables = {}, fills = false, handlerFiles = false }: ValidateOptions = {},
): Promise<Validated> {
  const problems = new Problems();
  const given = fills ? fillIn(written, variables, problems) : written;
  const raw = overridden(given, variables, problems);
  checkPrototypes(raw, problems);
  const result = configSchema.safeParse(raw, parsing);
  if (!result.success) reportIssues(problems, raw, result.error.issues);
  const rest = result.success ? result : configSchema.safeParse(withoutBroken(raw, problems.broken), parsing);
  if (rest.success) {
    const parsed = rest.data;
    checkStreams(parsed, problems);
    checkEvents(parsed, problems);
    checkConsumers(parsed, problems);
    checkStages(parsed, problems);
    checkWaits(parsed, problems);
    checkServer(parsed, problems);
    checkAlerts(parsed, problems);
    checkNotices(parsed, problems);
    if (handlerFiles) await checkHandlers(parsed, problems, folder);
  }
  if (!result.success || problems.all.length > 0) {
    const found = positions === undefined ? problems.all : problems.withPositions(await positions());
    const { curesOf } = await import('./look-up.js');
    return { parsed: undefined, problems: found, warnings: [], suggestions: curesOf(problems) };
  }
  return { parsed: result.data, problems: [], warnings: warningsOf(result.data), suggestions: [] };
}
