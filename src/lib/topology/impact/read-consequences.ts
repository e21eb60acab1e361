import type { Pipeline } from '../../pipeline/pipeline.js';
import { type StandstillKind, standstillOf } from '../../nats/standstill.js';
import type { Circumstances, Consequence } from './consequence.js';
import { consumerConsequences } from './consequences-of-consumer.js';
import { orphanConsequences } from './consequences-of-orphan.js';
import { streamConsequences } from './consequences-of-stream.js';
import { type Change, consumerPath, isPending, pathOf } from '../diff/diff.js';
import { suggestCommand, suggestOther } from '../../suggestion.js';

/** Reads from the server what a change means for what is stored and on its way. */
export async function readConsequences(
  pipeline: Pipeline,
  change: Change,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  if (change.action === 'orphan') return orphanConsequences(pipeline, change, given);
  return [...silences(change, given), ...(isPending(change) ? await effects(pipeline, change, given) : [])];
}

async function effects(
  pipeline: Pipeline,
  change: Change,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  if (change.kind === 'stream') {
    const desired = given.desired.streams.find(({ name }) => name === change.name);
    return desired ? streamConsequences(pipeline, change, desired, given) : [];
  }
  const desired = given.desired.consumers.find((one) => pathOf(one) === pathOf(change));
  return desired ? consumerConsequences(pipeline, change, desired, given) : [];
}

/** What comes and goes while a pipeline works: readers of a plan can't do anything about it. */
const passing: readonly StandstillKind[] = ['max-ack-pending', 'max-waiting'];

/** What does not change, and every reader of a plan must know. */
function silences({ kind, stream = '', name }: Change, { actual, desired }: Circumstances): Consequence[] {
  const info = kind === 'consumer' ? actual.consumers.get(consumerPath(stream, name)) : undefined;
  const because = info && standstillOf(stream, actual.streams.get(stream), info);
  if (!because || passing.includes(because.kind)) return [];
  const own = desired.consumers.find((one) => one.stream === stream && one.name === name);
  const runsHandler = own?.role === 'events' || own?.role === 'retry';
  const resume = runsHandler
    ? suggestCommand('pipeline resume', { args: [own.serves] })
    : suggestOther('nats', ['consumer', 'resume', stream, name]);
  const command = because.kind === 'paused' ? resume : null;
  return [{ what: 'silent', because, command }];
}
