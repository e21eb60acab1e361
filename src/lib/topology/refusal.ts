import { OperationError, type PlutomiError, UsageError } from '../errors.js';
import { closest } from '../domain/closest.js';
import type { Conflict } from './conflicts.js';
import { type Change, pathOf } from './diff.js';
import type { Plan } from './plan.js';

/** Why this plan is not carried out with these confirmations; undefined: it is. */
export function refusalOf(plan: Plan, replace: readonly string[]): PlutomiError | undefined {
  return unknownName(plan, replace) ?? conflictError(plan.conflicts) ?? replaceError(plan, replace);
}

function names(change: Change): readonly string[] {
  return [change.name, pathOf(change)];
}

function unknownName({ changes }: Plan, replace: readonly string[]): UsageError | undefined {
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
  return new OperationError(conflicts.map(describeConflict).join('\n'), {
    code: { 'not-owned': 'NOT_OWNED', 'subject-taken': 'SUBJECT_TAKEN', 'no-cluster': 'NO_CLUSTER' }[
      first.why
    ],
    suggestions: [...suggestions],
  });
}

function describeConflict(conflict: Conflict): string {
  if (conflict.why === 'not-owned') {
    const owner = conflict.owner === undefined ? 'no pipeline' : `the pipeline "${conflict.owner}"`;
    return `${conflict.kind} ${pathOf(conflict)} exists and belongs to ${owner}`;
  }
  if (conflict.why === 'no-cluster') {
    return `stream ${conflict.name}: ${conflict.replicas} replicas need a cluster, and this server is in none`;
  }
  const whose = conflict.byOrphan ? ', which this pipeline made and its config does not have any more' : '';
  return `stream ${conflict.name}: the subject ${conflict.subject} overlaps stream ${conflict.by}${whose}`;
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
  const flags = [...replace, ...refused.map(({ name }) => name)].map((name) => `--replace ${name}`).join(' ');
  return new OperationError(
    `can't be changed, only deleted and created again: ${refused.map((one) => `${one.kind} ${one.name}`).join(', ')}`,
    {
      code: 'REPLACE_NOT_CONFIRMED',
      suggestions: [
        `plutomi-events pipeline apply ${flags}`,
        'or set the fields in the config back to what the server has',
      ],
    },
  );
}
