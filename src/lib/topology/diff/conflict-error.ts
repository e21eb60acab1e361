import { OperationError } from '../../errors.js';
import type { Conflict } from './conflicts.js';
import { distinct, type Suggestion, suggestCommand, suggestOther } from '../../suggestion.js';

/** All that stands in the way, as one error. */
export function conflictError(conflicts: readonly Conflict[]): OperationError | undefined {
  const [first] = conflicts;
  if (!first) return undefined;
  return new OperationError(conflicts.map(({ message }) => message).join('\n'), {
    code: {
      'not-owned': 'NOT_OWNED',
      'subject-taken': 'SUBJECT_TAKEN',
      'is-mirror': 'IS_MIRROR',
      'no-cluster': 'NO_CLUSTER',
      'other-domain': 'DOMAINS_MIX',
    }[first.why],
    suggestions: distinct(conflicts.flatMap(waysOutOf)),
  });
}

/** What to do about one. */
export function waysOutOf(conflict: Conflict): Suggestion[] {
  if (conflict.why === 'not-owned') {
    return [
      'use other names in the config: streams.<stream>.name, or the name of the consumer',
      suggestCommand('pipeline apply', { flags: { adopt: true }, why: 'take it over, with what it holds' }),
    ];
  }
  if (conflict.why === 'is-mirror') {
    return [
      'use another name in the config: streams.<stream>.name',
      suggestOther('nats', ['stream', 'info', conflict.name], { why: 'see what it holds' }),
    ];
  }
  if (conflict.why === 'no-cluster') {
    return ['set replicas: 1 in the config', 'name a server of the cluster with --server'];
  }
  if (conflict.why === 'other-domain') {
    return [
      'give one of the two pipelines other names and subjects in its config: streams.<stream>.name and streams.<stream>.subjects',
      'or stop the subject at the leaf node: deny_imports and deny_exports of its remote',
    ];
  }
  if (conflict.byOrphan) {
    return [
      suggestOther('nats', ['stream', 'rm', conflict.by], { why: 'if its messages are not needed' }),
      'or give it its old name in the config',
    ];
  }
  return [
    suggestOther('nats', ['stream', 'info', conflict.by], { why: 'see whose it is' }),
    'use other stream names and subjects in the config: streams.<stream>.name and streams.<stream>.subjects',
  ];
}
