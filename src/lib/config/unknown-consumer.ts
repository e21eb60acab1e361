import { closest } from '../domain/closest.js';
import { UsageError } from '../errors.js';
import { suggestFlag } from '../suggestion.js';

/** A name that was given for a consumer, and that none of `known` has. `flag` is what takes the name; null: an argument. */
export function unknownConsumer(
  flag: 'consumer' | 'only' | null,
  name: string,
  known: readonly string[],
): UsageError {
  const near = closest(name, known);
  return new UsageError(
    `${flag === null ? '' : `--${flag}: `}the config has no consumer "${name}"; it has ${known.join(', ') || 'none'}`,
    {
      suggestions:
        near === undefined ? [] : [flag === null ? `did you mean: ${near}` : suggestFlag(flag, near)],
    },
  );
}
