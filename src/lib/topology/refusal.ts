import { OperationError, type PlutomiError, UsageError } from '../errors.js';
import { closest } from '../domain/closest.js';
import { conflictError } from './conflict-error.js';
import { endsStored } from './consequence.js';
import { describeConsequence } from './describe-consequence.js';
import { type Change, pathOf } from './diff.js';
import { isImmutable } from './immutable.js';
import type { Plan, PlannedChange } from './plan.js';

export { conflictError };

/** What a person has said yes to, by name. */
export interface Allowed {
  /** Streams and consumers that may be deleted and created again. */
  readonly replace?: readonly string[];
  /** Streams whose limits may end what is stored. */
  readonly allowLoss?: readonly string[];
}

/** Why this plan is not carried out; undefined: it is. */
export function refusalOf(plan: Plan, allowed: Allowed): PlutomiError | undefined {
  return unknownName(plan, allowed) ?? conflictError(plan.conflicts) ?? unnamed(plan, allowed);
}

function names(change: Change): readonly string[] {
  return [change.name, pathOf(change)];
}

/** A name that the plan does not have. One that needs no word is fine. */
export function unknownName(plan: Plan, { replace = [], allowLoss = [] }: Allowed): UsageError | undefined {
  return unknownFor('--replace', plan, replace) ?? unknownFor('--allow-loss', plan, allowLoss);
}

function unknownFor(flag: string, { changes }: Plan, given: readonly string[]): UsageError | undefined {
  const known = [...new Set(changes.flatMap(names))];
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const near = closest(unknown, known);
  return new UsageError(`${flag} ${unknown}: the pipeline has no stream or consumer of that name`, {
    suggestions: near === undefined ? [`one of: ${known.join(', ')}`] : [`did you mean: ${flag} ${near}`],
  });
}

function isNamed(change: Change, given: readonly string[] = []): boolean {
  return names(change).some((name) => given.includes(name));
}

/** What is replaced or ended, and was not named: all of it as one error. */
function unnamed({ changes }: Plan, allowed: Allowed): OperationError | undefined {
  const replaced = unnamedReplacements(changes, allowed.replace);
  const ending = changes.filter(
    (change) => endsStored(change, change.consequences) && !isNamed(change, allowed.allowLoss),
  );
  if (replaced.length + ending.length === 0) return undefined;
  const facts = [...replaced.map(replacementFact), ...ending.map(endingFact)];
  const flags = [
    ...[...(allowed.replace ?? []), ...replaced.map(({ name }) => name)].map((name) => `--replace ${name}`),
    ...[...(allowed.allowLoss ?? []), ...ending.map(({ name }) => name)].map(
      (name) => `--allow-loss ${name}`,
    ),
  ];
  return new OperationError(facts.join('\n'), {
    code: replaced.length > 0 ? 'REPLACE_REFUSED' : 'LOSS_REFUSED',
    suggestions: [
      `to do it: plutomi-events pipeline apply ${flags.join(' ')}`,
      'or set these fields in the config back to what the server has',
    ],
  });
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

function endingFact({ kind, name, fields, consequences }: PlannedChange): string {
  const paths = fields.map(({ path }) => path).join(', ');
  return [
    `${kind} ${name}: what is stored would end with the new ${paths}:`,
    ...consequences.map((one) => `  ${describeConsequence(one)}`),
  ].join('\n');
}
