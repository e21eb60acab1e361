import { OperationError, type PlutomiError, UsageError } from '../errors.js';
import { closest } from '../domain/closest.js';
import type { Conflict } from './conflicts.js';
import { describeConsequence } from './describe-consequence.js';
import { type Change, pathOf } from './diff.js';
import { isImmutable } from './immutable.js';
import type { Plan } from './plan.js';

/** Why this plan is not carried out when these objects may be replaced; undefined: it is. */
export function refusalOf(plan: Plan, replace: readonly string[]): PlutomiError | undefined {
  return unknownReplacement(plan, replace) ?? conflictError(plan.conflicts) ?? replaceError(plan, replace);
}

function names(change: Change): readonly string[] {
  return [change.name, pathOf(change)];
}

/** A name to replace that the plan does not have. One that needs no replacement is fine. */
export function unknownReplacement({ changes }: Plan, replace: readonly string[]): UsageError | undefined {
  const known = [...new Set(changes.flatMap(names))];
  const unknown = replace.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const near = closest(unknown, known);
  return new UsageError(`--replace ${unknown}: the pipeline has no stream or consumer of that name`, {
    suggestions: near === undefined ? [`one of: ${known.join(', ')}`] : [`did you mean: --replace ${near}`],
  });
}

/** All that stands in the way, as one error. */
export function conflictError(conflicts: readonly Conflict[]): OperationError | undefined {
  const [first] = conflicts;
  if (!first) return undefined;
  const suggestions = new Set(conflicts.flatMap(wayOut));
  return new OperationError(conflicts.map(({ message }) => message).join('\n'), {
    code: { 'not-owned': 'NOT_OWNED', 'subject-taken': 'SUBJECT_TAKEN', 'no-cluster': 'NO_CLUSTER' }[
      first.why
    ],
    suggestions: [...suggestions],
  });
}

function wayOut(conflict: Conflict): string[] {
  if (conflict.why === 'not-owned') {
    return [
      'use other names in the config: streams.<stream>.name, or the name of the consumer',
      'take it over, with what it holds: plutomi-events pipeline apply --adopt',
    ];
  }
  if (conflict.why === 'no-cluster') {
    return ['set replicas: 1 in the config', 'name a server of the cluster with --server'];
  }
  if (conflict.byOrphan) {
    return [
      `if its messages are not needed: nats stream rm ${conflict.by}`,
      'or give it its old name in the config',
    ];
  }
  return [
    `see whose it is: nats stream info ${conflict.by}`,
    'use other stream names and subjects in the config: streams.<stream>.name and streams.<stream>.subjects',
  ];
}

function fixedPaths(kind: Change['kind'], fields: Change['fields']): string {
  return fields
    .filter((field) => isImmutable(kind, field))
    .map(({ path }) => path)
    .join(', ');
}

function replaceError({ changes }: Plan, replace: readonly string[]): OperationError | undefined {
  const confirmed = (change: Change): boolean => names(change).some((name) => replace.includes(name));
  const streams = changes.filter(({ kind, action }) => kind === 'stream' && action === 'replace');
  const refused = changes.filter(
    (change) =>
      change.action === 'replace' &&
      !confirmed(change) &&
      // A stream takes its consumers along: naming it is enough.
      !streams.some(({ name }) => name === change.stream),
  );
  if (refused.length === 0) return undefined;
  const facts = refused.flatMap(({ kind, name, fields, consequences }) => [
    `${kind} ${name}: ${fixedPaths(kind, fields)} can't be changed; it would be deleted and created again:`,
    ...consequences.map((one) => `  ${describeConsequence(one)}`),
  ]);
  const flags = [...replace, ...refused.map(({ name }) => name)].map((name) => `--replace ${name}`);
  return new OperationError(facts.join('\n'), {
    code: 'REPLACE_REFUSED',
    suggestions: [
      `to do it: plutomi-events pipeline apply ${flags.join(' ')}`,
      'or set these fields in the config back to what the server has',
    ],
  });
}
