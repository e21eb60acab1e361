import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoFlag, refuseNoFunction, refuseNoPipeline } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { OperationError, type PlutomiError } from '../errors.js';
import { NotAllowedError } from '../nats/errors.js';
import type { Logger } from '../observe/log.js';
import { type AppliedComparison, compareApplied, storeApplied } from '../operations/applied.js';
import { applyPlan, checkTopology, planTopology } from './apply.js';
import { isRisky } from './impact/consequence.js';
import { describeConsequence } from './impact/describe-consequence.js';
import { type Change, isPending } from './diff/diff.js';
import { logApply } from './log-apply.js';
import { type Plan, workbenchStreams } from './plan.js';
import { conflictError, refusalOf } from './refusal.js';
import { suggestCommand } from '../suggestion.js';

/** What `ensureTopology` may do, and whom it tells. */
export interface EnsureOptions {
  /** False: what is missing or different is an error. */
  readonly apply: boolean;
  /** The server ends with this process, so what is to be run next brings one of its own. Default: false. */
  readonly embedded?: boolean;
  /** With `apply`: told why the config could not be stored for those who have no config file. Default: nobody. */
  readonly onNotStored?: (error: PlutomiError) => void;
  /** With `apply`: told why `operations log` lacks what was changed. Default: nobody. */
  readonly onNotLogged?: (why: string) => void;
}

const ensureChecks = {
  apply: refuseNoFlag,
  embedded: refuseNoFlag,
  onNotStored: refuseNoFunction,
  onNotLogged: refuseNoFunction,
} as const satisfies Checks<EnsureOptions>;

/**
 * Makes sure that the server has what a config needs to run. With `apply` it creates and updates what is
 * missing, but nothing that loses, skips or repeats events: that takes `pipeline apply` and a person.
 *
 * @throws OperationError `NOT_APPLIED`, with what is missing or different
 */
export async function ensureTopology(pipeline: Pipeline, options: EnsureOptions): Promise<void> {
  refuseNoPipeline(pipeline);
  checkOptions(ensureChecks, options);
  // A worker that is newer than the last apply does not wait for what people work with.
  const without = options.apply ? [] : workbenchStreams;
  const { changes, conflicts } = await checkTopology(pipeline, { without, monitor: options.apply });
  const conflict = conflictError(conflicts);
  if (conflict) throw options.embedded === true ? withServer(conflict) : conflict;
  if (options.apply) {
    const plan = changes.length > 0 ? await planTopology(pipeline) : undefined;
    if (plan?.needsConfirmation === true) {
      const refusal = needsPerson(plan);
      throw options.embedded === true ? withServer(refusal) : refusal;
    }
    if (plan) await applyPlan(pipeline, plan);
    const stored = await storeIfAllowed(pipeline, options.onNotStored);
    const done = { changes: plan?.changes ?? [], differs: stored?.differs ?? [] };
    if (!done.changes.some(isPending) && (stored === undefined || stored.action === 'none')) return;
    const unlogged = await logApply(pipeline, done);
    if (unlogged !== undefined) options.onNotLogged?.(unlogged);
    return;
  }
  if (changes.length === 0) return;
  const facts = changes.map(describeChange);
  throw new OperationError(`the server does not match the config:\n  ${facts.join('\n  ')}`, {
    code: 'NOT_APPLIED',
    suggestions:
      options.embedded === true
        ? [suggestCommand('pipeline run', { flags: { embedded: true, apply: true } })]
        : [suggestCommand('pipeline apply'), suggestCommand('pipeline run', { flags: { apply: true } })],
  });
}

/** The same error, where the commands that it suggests find no server until one is started again. */
function withServer({ message, code, suggestions }: OperationError): OperationError {
  const start = suggestCommand('server start', { why: 'first, unless the server of this folder still runs' });
  return new OperationError(message, { code, suggestions: [start, ...suggestions] });
}

/** What an apply could not keep, as warnings of a log: for `ensureTopology`. */
export function warningsOf(log: Logger): Pick<EnsureOptions, 'onNotStored' | 'onNotLogged'> {
  return {
    onNotStored: (error) =>
      log.warn({ err: error.message }, 'the config was not stored for those who have no config file'),
    onNotLogged: (why) => log.warn({ err: why }, 'operations log lacks what was applied'),
  };
}

/**
 * What differed before; undefined: it could not be stored. The events do not need it: a worker whose user may not
 * store it, or that is older than the last apply, runs.
 */
async function storeIfAllowed(
  pipeline: Pipeline,
  onNotStored: (error: PlutomiError) => void = () => {},
): Promise<AppliedComparison | undefined> {
  try {
    const before = await compareApplied(pipeline);
    if (before.action !== 'none') await storeApplied(pipeline);
    return before;
  } catch (error) {
    const isOurs = error instanceof OperationError && error.code === 'UNREADABLE';
    if (!isOurs && !(error instanceof NotAllowedError)) throw error;
    onNotStored(error);
    return undefined;
  }
}

/** What would be lost, skipped or repeated, and the command of the person who wants that. */
function needsPerson(plan: Plan): OperationError {
  const risky = plan.changes.filter(isRisky);
  const facts = risky.flatMap((change) => [
    `${describeChange(change)}:`,
    ...change.consequences.map((one) => `  ${describeConsequence(one)}`),
  ]);
  const command = refusalOf(plan, {})?.suggestions ?? [suggestCommand('pipeline apply')];
  return new OperationError(`a change that needs confirmation comes first:\n  ${facts.join('\n  ')}`, {
    code: 'NOT_APPLIED',
    suggestions: [
      suggestCommand('pipeline apply', { flags: { 'dry-run': true }, why: 'see the plan' }),
      ...command,
    ],
  });
}

function describeChange({ action, kind, name, fields }: Change): string {
  const paths = fields.map((field) => field.path).join(', ');
  return `${action} ${kind} ${name}${action === 'create' || paths === '' ? '' : ` (${paths})`}`;
}
