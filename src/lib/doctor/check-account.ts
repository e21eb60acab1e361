import type { StreamSettings } from '../config/resolved.js';
import { formatBytes } from '../domain/bytes.js';
import { type PlutomiError } from '../errors.js';
import { type AccountUse, readAccountUse } from '../nats/account.js';
import { NotAllowedError, SilentDomainError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import { clusterReport } from '../status/remedies.js';
import { suggestOther, type Suggestion } from '../suggestion.js';
import { fail, failed, type Finding, ok, warn } from './finding.js';

/** From that part of a limit on it is told, and from the other on nothing may fit any more. */
export const [nearlyFull, asGoodAsFull] = [0.8, 0.95];

const report = suggestOther('nats', ['account', 'info']);
const raise = 'raise the limits of the account, or lower what streams keep';

/** Whether the account has JetStream, and room for the streams that are wanted; undefined: nobody knows which. */
export async function checkAccount(
  link: Link,
  wanted: readonly StreamSettings[] | undefined,
): Promise<Finding[]> {
  let use: AccountUse;
  try {
    use = await readAccountUse(link);
  } catch (error) {
    return [unreadable(error as PlutomiError)];
  }
  const findings = use.tiers === undefined ? limitsOf(use, wanted) : [];
  return [
    ok('jetstream', 'JetStream is on for this account'),
    ...(findings.length > 0 ? findings : [ok('account', withinLimits(use))]),
  ];
}

function unreadable(error: PlutomiError): Finding {
  if (error instanceof NotAllowedError)
    return warn('account', `its limits are not known: ${error.message}`, remedyOf(error));
  if (error.code !== 'UNREACHABLE' || error instanceof SilentDomainError) return failed('jetstream', error);
  return fail(
    'cluster',
    'nothing answers for JetStream: the cluster has no leader now, or most of its servers are away',
    clusterReport,
  );
}

function remedyOf({ operation, subject, suggestions: [next] }: NotAllowedError): Suggestion | null {
  return operation === 'publish' ? `let this user publish to ${subject}` : (next ?? null);
}

function limitsOf(
  { limits, streams, ...use }: AccountUse,
  wanted: readonly StreamSettings[] | undefined,
): Finding[] {
  const kinds = [
    { name: 'file', used: use.storage, most: limits.max_storage },
    { name: 'memory', used: use.memory, most: limits.max_memory },
  ];
  const findings = kinds.flatMap(({ name, used, most }) => {
    const isWanted = wanted?.some(({ storage }) => storage === name) ?? name === 'file';
    if (!isWanted || most < 0) return [];
    if (most === 0) return [fail('account', `the account has no ${name} storage`, report)];
    if (used / most < nearlyFull) return [];
    const text = `${formatBytes(used)} of the account's ${formatBytes(most)} of ${name} storage are used`;
    return [(used / most >= asGoodAsFull ? fail : warn)('storage', text, raise)];
  });
  const missing = limits.max_streams >= 0 ? Math.max(0, (wanted?.length ?? 0) - limits.max_streams) : 0;
  if (missing > 0) {
    const text = `the account may have ${limits.max_streams} streams, and the pipeline needs ${wanted?.length}`;
    findings.push(fail('account', text, raise));
  } else if (limits.max_streams >= 0 && streams > limits.max_streams) {
    findings.push(warn('account', `${streams} streams of ${limits.max_streams} are there`, raise));
  }
  return findings;
}

function withinLimits({ storage, memory, streams, consumers, limits }: AccountUse): string {
  const of = (used: string, most: number, shown: string): string => (most < 0 ? used : `${used} of ${shown}`);
  return [
    `file ${of(formatBytes(storage), limits.max_storage, formatBytes(limits.max_storage))}`,
    `memory ${of(formatBytes(memory), limits.max_memory, formatBytes(limits.max_memory))}`,
    `${of(`${streams}`, limits.max_streams, `${limits.max_streams}`)} streams`,
    `${of(`${consumers}`, limits.max_consumers, `${limits.max_consumers}`)} consumers`,
  ].join(', ');
}
