import { ConnectionError } from '../../errors.js';
import type { ConnectionTarget } from './target.js';

/** The refusal of a server that is not in the cluster that it must be in; `found` is what it says of itself. */
export function otherCluster(
  { cluster }: ConnectionTarget,
  server: string,
  found: string | undefined,
): ConnectionError | undefined {
  if (cluster === undefined || cluster === found) return undefined;
  const where = found === undefined ? 'in no cluster' : `in the cluster "${found}"`;
  return new ConnectionError(`${server} is ${where}, and "${cluster}" is expected: nothing was sent to it`, {
    code: 'OTHER_CLUSTER',
    suggestions: [
      `name a server of ${cluster} with --server, NATS_URL or --context`,
      'or name the cluster that is meant: NATS_CLUSTER_ID, or cluster of the config',
    ],
  });
}
