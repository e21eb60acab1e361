import { OperationError, type PlutomiError, UsageError } from '../errors.js';
import { moveCommand } from '../pointers/move-command.js';
import { closest } from '../domain/closest.js';
import { conflictError } from './diff/conflict-error.js';
import { losesSomething } from './impact/consequence.js';
import { describeConsequence } from './impact/describe-consequence.js';
import { type Change, pathOf } from './diff/diff.js';
import { isImmutable } from './diff/immutable.js';
import type { Plan, PlannedChange } from './plan.js';
import { type OwnCommand, suggestCommand, suggestFlag } from '../suggestion.js';

export { conflictError };

/** What a person has said yes to, by name. */
export interface Allowed {
  /** Streams and consumers that may be deleted and created again. */
  readonly replace?: readonly string[];
  /** Streams whose limits may end what is stored, and what may be left behind with what waits in it. */
  readonly allowLoss?: readonly string[];
}

/** Why this plan is not carried out; undefined: it is. */
export function refusalOf(plan: Plan, allowed: Allowed): PlutomiError | undefined {
  return unknownName(plan, allowed) ?? conflictError(plan.conflicts) ?? unnamed(plan, allowed);
}

function names(change: Change): readonly string[] {
  return [change.name, pathOf(change), nameOf(change)];
}

/** What a person calls it: the consumer stands for its retry and its dlq stage too, once all three are orphans. */
function nameOf({ action, kind, name }: Change): string {
  return action === 'orphan' && kind === 'consumer' ? name.replace(/-(?:retry|dlq)$/, '') : name;
}

/** A name that the plan does not have. One that needs no word is fine. */
export function unknownName(plan: Plan, { replace = [], allowLoss = [] }: Allowed): UsageError | undefined {
  return unknownFor('replace', plan, replace) ?? unknownFor('allow-loss', plan, allowLoss);
}

function unknownFor(
  flag: 'replace' | 'allow-loss',
  { changes }: Plan,
  given: readonly string[],
): UsageError | undefined {
  const known = [...new Set(changes.flatMap(names))];
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const near = closest(unknown, known);
  return new UsageError(`--${flag} ${unknown}: the pipeline has no stream or consumer of that name`, {
    suggestions: near === undefined ? [`one of: ${known.join(', ')}`] : [suggestFlag(flag, near)],
  });
}

function isNamed(change: Change, given: readonly string[] = []): boolean {
  return names(change).some((name) => given.includes(name));
}

/** What is replaced, ended or stranded, and was not named: all of it as one error. */
function unnamed({ changes }: Plan, allowed: Allowed): OperationError | undefined {
  const replaced = unnamedReplacements(changes, allowed.replace);
  const losing = changes.filter((change) => losesSomething(change) && !isNamed(change, allowed.allowLoss));
  if (replaced.length + losing.length === 0) return undefined;
  const replace = [...new Set([...(allowed.replace ?? []), ...replaced.map(({ name }) => name)])];
  const allowLoss = [...new Set([...(allowed.allowLoss ?? []), ...losing.map(nameOf)])];
  const stranding = losing.filter(({ action }) => action === 'orphan');
  const isChanged = replaced.length + losing.length > stranding.length;
  return new OperationError([...replaced.map(replacementFact), ...losing.map(losingFact)].join('\n'), {
    code: replaced.length > 0 ? 'REPLACE_REFUSED' : 'LOSS_REFUSED',
    suggestions: [
      suggestCommand('pipeline apply', { flags: { replace, 'allow-loss': allowLoss }, why: 'to do it' }),
      ...(isChanged ? ['or set these fields in the config back to what the server has'] : []),
      ...renames(changes, stranding),
      ...(stranding.length > 0 ? ['or put back into the config what is missing there'] : []),
    ],
  });
}

/** A consumer that is new while another one leaves pointers behind may be the same one under another name. */
function renames(changes: readonly PlannedChange[], stranding: readonly PlannedChange[]): OwnCommand[] {
  const waiting = stranding.filter(
    ({ kind, consequences }) => kind === 'consumer' && consequences.some(({ what }) => what === 'abandoned'),
  );
  const created = changes.filter(
    ({ action, kind, name }) => action === 'create' && kind === 'consumer' && !/-(?:retry|dlq)$/.test(name),
  );
  const [only, ...others] = created;
  const to = others.length === 0 ? only?.name : undefined;
  return [...new Set(waiting.map(nameOf))].map((from) =>
    moveCommand(from, `or, if ${from} was renamed, keep its retries and dead letters`, to),
  );
}

function unnamedReplacements(
  changes: readonly PlannedChange[],
  replace?: readonly string[],
): PlannedChange[] {
  const streams = changes.filter(({ kind, action }) => kind === 'stream' && action === 'replace');
  return changes.filter(
    (change) =>
      change.action === 'replace' &&
      !isNamed(change, replace) &&
      // A stream takes its consumers along: naming it is enough.
      !streams.some(({ name }) => name === change.stream),
  );
}

function replacementFact({ kind, name, fields, consequences }: PlannedChange): string {
  const fixed = fields.filter((field) => isImmutable(kind, field)).map(({ path }) => path);
  return [
    `${kind} ${name}: ${fixed.join(', ')} can't be changed; it would be deleted and created again:`,
    ...consequences.map((one) => `  ${describeConsequence(one)}`),
  ].join('\n');
}

function losingFact({ action, kind, name, fields, consequences, ...change }: PlannedChange): string {
  const paths = fields.map(({ path }) => path).join(', ');
  const why =
    action === 'orphan'
      ? `${kind} ${pathOf({ name, ...change })}: it is no longer in the config, and would be left behind:`
      : `${kind} ${name}: with the new ${paths} this would be lost or left behind:`;
  return [why, ...consequences.map((one) => `  ${describeConsequence(one)}`)].join('\n');
}
