import { formatMeasured } from '../domain/duration.js';
import { escapeLine } from '../domain/escape.js';
import type { PipelineSnapshot } from '../observe/snapshot.js';
import type { Check } from './answers.js';

/** Of a list that may be long, so many are named. */
const named = 3;

/** Can this process do its work now? It gets better by itself: nothing has to be started again for it. */
export function readinessOf({ state, connection, holding, stages }: PipelineSnapshot): readonly Check[] {
  const silent = stages.filter(({ unanswered }) => unanswered !== null);
  const lost = `lost ${formatMeasured(connection.forMs)} ago; reconnecting to ${connection.server}`;
  return [
    { name: 'running', ...(state === 'running' ? {} : { wrong: `the pipeline is ${state}` }) },
    { name: 'connected', ...(connection.connected ? {} : { wrong: lost }) },
    {
      name: 'pulls-answered',
      wrong: someOf(silent.map(({ durable, unanswered }) => `${durable}: ${unanswered?.why ?? ''}`)),
    },
    {
      name: 'not-holding',
      wrong: someOf(holding.map(({ what, error }) => `can't ${what}: ${error}`)),
    },
  ];
}

function someOf(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  const more = texts.length > named ? `; and ${texts.length - named} more` : '';
  return `${texts.slice(0, named).map(escapeLine).join('; ')}${more}`;
}
