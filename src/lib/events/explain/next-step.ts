import { consumerNamed, externalNamed, limitsOf, type PipelineConfig } from '../../config/resolved.js';
import { metaConsumers, stageConsumers } from '../../domain/consumer-names.js';
import { formatDeadLetterId } from '../../domain/dead-letter.js';
import { moveCommand } from '../../pointers/move-command.js';
import type { ConsumerState, NextStep, Step } from './explanation.js';
import { type Suggestion, suggestCommand } from '../../suggestion.js';

export interface NextFacts {
  readonly consumer: string;
  readonly state: ConsumerState;
  readonly history: readonly Step[];
  readonly seq: number;
  /** The event itself is there still. */
  readonly present?: boolean;
  /** When the pointer in the retry stage is due, ISO. */
  readonly dueAt: string | null;
}

/** What is still to come of an event for one consumer; undefined: nothing. */
export function nextStep(config: PipelineConfig, facts: NextFacts): NextStep | undefined {
  const { consumer, state, seq, dueAt } = facts;
  const id = formatDeadLetterId({ consumer, seq });
  const step = (text: string, at: string | null = null): NextStep => ({ consumer, at, text });
  const todo = (text: string, ...suggestions: Suggestion[]): NextStep => ({ ...step(text), suggestions });
  const discard = suggestCommand('dlq discard', { args: [id], flags: { reason: { blank: 'text' } } });
  const external = externalNamed(config, consumer) !== undefined;
  if (!external && !consumerNamed(config, consumer))
    return isLeft(state) ? abandoned(consumer, state) : undefined;
  if (external && (state === 'parked' || state === 'retrying')) {
    return step(`nothing: ${consumer} is external now, and nobody runs its retry stage`);
  }
  switch (state) {
    case 'parked':
      return step(`parked, then ${attemptAfter(config, facts, 'retry')}`, dueAt);
    case 'retrying':
      return step(`${attemptAfter(config, facts, 'retry')}, at once or after its backoff`);
    case 'failing':
      if (external) return step(`is delivered to ${consumer} again`);
      return step(`${attemptAfter(config, facts, 'main')}, after its backoff`, snoozedUntil(facts));
    case 'exhausted':
      return step(`${metaConsumers.main} routes it`);
    case 'dead':
      if (external) {
        return todo(
          'waits in the DLQ for a person; what an external consumer gave up can not be replayed, only discarded',
          discard,
        );
      }
      return todo(
        'waits in the DLQ for a person',
        facts.present === false ? discard : suggestCommand('dlq replay', { args: [id] }),
      );
    case 'resolved-late':
      return todo('its dead letter is left; nobody needs it', discard);
    case 'waiting':
      return step(`is delivered to ${consumer}`);
    case 'broken':
      return todo('nothing, by what is there', suggestCommand('pipeline verify'));
    default:
      return undefined;
  }
}

/** Where something of it waits for its consumer. */
function isLeft(state: ConsumerState): boolean {
  return ['parked', 'retrying', 'failing', 'exhausted', 'dead', 'waiting'].includes(state);
}

function abandoned(consumer: string, state: ConsumerState): NextStep {
  const text = `stranded: the config has no consumer ${consumer}, and nobody runs it`;
  const hasPointer = state === 'parked' || state === 'retrying' || state === 'dead';
  const suggestions = [moveCommand(consumer, 'if it was renamed')];
  return { consumer, at: null, text, ...(hasPointer ? { suggestions } : {}) };
}

function attemptAfter(
  config: PipelineConfig,
  { consumer, history }: NextFacts,
  stage: 'main' | 'retry',
): string {
  const settings = consumerNamed(config, consumer);
  const limit = settings ? ` of ${limitsOf(settings, stage).attempts}` : '';
  const cycle = history.reduce((highest, step) => Math.max(highest, step.cycle), 0);
  const made = history
    .filter((step) => step.stage === stage && step.cycle === cycle && step.kind === 'ATTEMPT_FAILED')
    .reduce((highest, { attempt }) => Math.max(highest, attempt ?? 0), 0);
  return `attempt ${made + 1}${limit} by ${stageConsumers(consumer)[stage]}`;
}

/** The end of a snooze that nothing has followed. */
function snoozedUntil({ history }: NextFacts): string | null {
  const last = history.at(-1);
  return last?.kind === 'SNOOZED' ? last.dueAt : null;
}
