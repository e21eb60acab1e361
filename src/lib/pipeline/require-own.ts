import { ownerOf } from '../domain/ownership.js';
import { escapeLine } from '../domain/escape.js';
import { OperationError } from '../errors.js';
import { NotAllowedError } from '../nats/errors.js';
import { suggestCommand } from '../suggestion.js';
import type { Pipeline } from './pipeline.js';

/**
 * Refuses to change what another pipeline has on this server: with a copied config, or at the wrong server, its dead
 * letters would be taken for one's own. What belongs to no pipeline is anybody's.
 *
 * @throws OperationError `OTHER_PIPELINE`
 */
export async function requireOwn({ config, link, places }: Pipeline): Promise<void> {
  const { stream } = places.dlq;
  const owner = ownerOf((await infoOf(link, stream))?.config.metadata);
  if (owner === undefined || owner === config.name) return;
  const theirs = escapeLine(owner);
  throw new OperationError(`${belonging(config.name, link, stream, owner)}: nothing was changed`, {
    code: 'OTHER_PIPELINE',
    suggestions: [
      `go to a folder with the config of ${theirs}, or name its file with --config`,
      'for another server: --server, --context or NATS_URL',
      suggestCommand('pipeline apply', { flags: { adopt: true }, why: `to take it over from ${theirs}` }),
    ],
  });
}

/**
 * Tells once, in words, that a stream of this pipeline belongs to another one: who only looks goes on. Nothing is asked for
 * it: it is told by the first stream that is asked about anyway.
 */
export function watchOwner({ config, link }: Pipeline, onOther: (text: string) => void): void {
  const own = new Set(Object.values(config.streams).map(({ name }) => name));
  const stop = link.watchStreams(({ config: { name, metadata } }) => {
    const owner = ownerOf(metadata);
    if (!own.has(name) || owner === undefined || owner === config.name) return;
    stop();
    onOther(`${belonging(config.name, link, name, owner)}: what is shown is theirs`);
  });
}

function belonging(name: string, link: Pipeline['link'], stream: string, owner: string): string {
  const [theirs, ours] = [owner, name].map(escapeLine);
  return `stream ${escapeLine(stream)} on ${link.server} belongs to the pipeline ${theirs}, and this is the config of ${ours}`;
}

async function infoOf(link: Pipeline['link'], stream: string) {
  try {
    return await link.streamInfo(stream);
  } catch (error) {
    // Who may not look is told by what he does next.
    if (error instanceof NotAllowedError) return undefined;
    throw error;
  }
}
