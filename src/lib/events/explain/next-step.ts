import { consumerNamed, externalNamed, limitsOf, type PipelineConfig } from '../../config/resolved.js';
import { formatDuration } from '../../domain/duration.js';
import { metaConsumers, stageConsumers } from '../../domain/consumer-names.js';
import type { Standing } from '../../domain/standing.js';
import { formatDeadLetterId } from '../../domain/dead-letter.js';
import { moveCommand } from '../../pointers/move-command.js';
import type { ConsumerState, NextStep } from './explanation.js';
import { textOrNull } from './steps.js';
import { type Suggestion, suggestCommand } from '../../suggestion.js';

export interface NextFacts {
  readonly consumer: string;
  readonly standing: Standing;
  readonly seq: number;
  /** The event itself is there still. */
  readonly present?: boolean;
  /** Its dead letter is archived, and not in the DLQ. */
  readonly isKept?: boolean;
  /** When the pointer in the retry stage is due, ISO. */
  readonly dueAt: string | null;
}

/** What is still to come of an event for one consumer; undefined: nothing. */
export function nextStep(config: PipelineConfig, facts: NextFacts): NextStep | undefined {
  const { consumer, standing, seq, dueAt } = facts;
  const id = formatDeadLetterId({ consumer, seq });
  const step = (text: string, at: string | null = null): NextStep => ({ consumer, at, text });
  const todo = (text: string, ...suggestions: Suggestion[]): NextStep => ({ ...step(text), suggestions });
  const reason = { blank: 'text' };
  const among = facts.isKept ? { archived: true as const } : {};
  const discard = suggestCommand('dlq discard', { args: [id], flags: { ...among, reason } });
  const restore = suggestCommand('dlq restore', { args: [id] });
  const external = externalNamed(config, consumer) !== undefined;
  const known = external || consumerNamed(config, consumer) !== undefined;
  if ('letterLeft' in standing && standing.letterLeft) {
    const again = {
      resolved: suggestCommand('dlq replay', { args: [id] }),
      discarded: discard,
      archived: suggestCommand('dlq archive', { args: [id], flags: { reason } }),
      // Only what the config no longer has can be moved; and another consumer has its event.
      moved: known ? discard : moveCommand(consumer, 'to move the rest'),
    };
    return todo('its dead letter is left over from what was interrupted', again[standing.is]);
  }
  if (standing.is === 'archived') {
    return todo('stays archived until it is restored or discarded', restore, discard);
  }
  if (!known) return isLeft(standing.is) ? abandoned(consumer, standing.is) : undefined;
  if (external && (standing.is === 'parked' || standing.is === 'retrying')) {
    return step(`nothing: ${consumer} is external now, so nothing runs its retry stage`);
  }
  switch (standing.is) {
    case 'parked':
      return step(`parked, then ${attemptAfter(config, consumer, 'retry', standing.attempts)}`, dueAt);
    case 'retrying':
      return step(
        `${attemptAfter(config, consumer, 'retry', standing.attempts)}, at once or after its backoff`,
      );
    case 'failing':
      if (external) return step(`is delivered to ${consumer} again`);
      return step(
        `${attemptAfter(config, consumer, 'main', standing.attempts)}, after its backoff`,
        textOrNull(standing.snoozedUntil),
      );
    case 'exhausted':
      return step(`${metaConsumers.main} routes it`);
    case 'dead':
      if (external) {
        return todo(
          `${stays(config)} discarded: events of an external consumer can not be replayed`,
          discard,
        );
      }
      return todo(
        `${stays(config)} replayed or discarded`,
        facts.present === false ? discard : suggestCommand('dlq replay', { args: [id] }),
      );
    case 'resolved-late':
      return todo('its dead letter is left over, and no longer needed', discard);
    case 'waiting':
      return step(`is delivered to ${consumer}`);
    case 'broken':
      return todo('nothing, as far as the server shows', suggestCommand('pipeline verify'));
    default:
      return undefined;
  }
}

function stays({ streams }: PipelineConfig): string {
  const { maxAgeMs } = streams.dlq;
  return `stays in the DLQ${maxAgeMs === 0 ? '' : ` for ${formatDuration(maxAgeMs)} at most,`} until it is`;
}

/** Where something of it waits for its consumer. */
function isLeft(state: ConsumerState): boolean {
  return ['parked', 'retrying', 'failing', 'exhausted', 'dead', 'waiting'].includes(state);
}

function abandoned(consumer: string, state: ConsumerState): NextStep {
  const text = `stranded: the config has no consumer ${consumer}, so nothing runs it`;
  const hasPointer = state === 'parked' || state === 'retrying' || state === 'dead';
  const suggestions = [moveCommand(consumer, 'if it was renamed')];
  return { consumer, at: null, text, ...(hasPointer ? { suggestions } : {}) };
}

function attemptAfter(
  config: PipelineConfig,
  consumer: string,
  stage: 'main' | 'retry',
  attempts: number,
): string {
  const settings = consumerNamed(config, consumer);
  const limit = settings ? ` of ${limitsOf(settings, stage).attempts}` : '';
  return `attempt ${attempts + 1}${limit} by ${stageConsumers(consumer)[stage]}`;
}
