import type { StreamRole } from '../../config/resolved.js';
import type { Consequence, CountedFact } from './consequence.js';
import { type Suggestion } from '../../suggestion.js';

const nouns: Readonly<Record<StreamRole, readonly [one: string, many: string]>> = {
  events: ['event', 'events'],
  retry: ['waiting retry', 'waiting retries'],
  dlq: ['dead letter', 'dead letters'],
  advisories: ['journal record', 'journal records'],
  operations: ['record of what was decided', 'records of what was decided'],
  kept: ['kept payload', 'kept payloads'],
};

type Grammar = readonly [one: string, many: string];

const verbs: Readonly<Record<CountedFact, Grammar>> = {
  lost: ['is lost', 'are lost'],
  'original-lost': [
    'loses its event and can never be delivered',
    'lose their events and can never be delivered',
  ],
  expired: ['exceeds the new limit and is removed at once', 'exceed the new limit and are removed at once'],
  unprocessed: ['of those is not processed yet', 'of those are not processed yet'],
  'in-flight': ['is in flight: delivered and not acked', 'are in flight: delivered and not acked'],
  undelivered: ['is not delivered yet', 'are not delivered yet'],
  'delivered-after': [
    'is already stored and will be delivered to it',
    'are already stored and will be delivered to it',
  ],
  kept: ['of it stays', 'of it stay'],
  skipped: [
    'is skipped: it lies before the position of the consumer',
    'are skipped: they lie before the position of the consumer',
  ],
  'left-behind': [
    'is left behind: not delivered, and no longer read',
    'are left behind: not delivered, and no longer read',
  ],
  'over-limit': [
    'in flight may already have been delivered that often: the server then drops it, before 2.15.1 without an advisory',
    'in flight may already have been delivered that often: the server then drops those, before 2.15.1 without an advisory',
  ],
  stranded: [
    'is stranded: an external consumer has no retry stage, and nothing runs it until the consumer has a handler again',
    'are stranded: an external consumer has no retry stage, and nothing runs them until the consumer has a handler again',
  ],
  abandoned: [
    'is stranded: nothing in the config takes it',
    'are stranded: nothing in the config takes them',
  ],
  shifted: ['in backoff comes back at another time', 'in backoff come back at another time'],
};

/** What can be done about it. */
export function waysOut(consequence: Consequence): readonly Suggestion[] {
  if (consequence.what !== 'silent' || consequence.command === null) return [];
  return [{ ...consequence.command, why: 'to fix that' }];
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** One consequence as a sentence without a full stop: `1,234 events are lost`. */
export function describeConsequence(consequence: Consequence): string {
  if (consequence.what === 'bytes-removed') {
    return `${formatCount(consequence.bytes)} bytes of messages exceed the new limit and are removed at once`;
  }
  if (consequence.what === 'position-lost') {
    const { deliveredTo, ackedTo } = consequence;
    return `its position is lost: delivered up to ${formatCount(deliveredTo)}, acked up to ${formatCount(ackedTo)}`;
  }
  if (consequence.what === 'given-up-stays') {
    return 'events that the server gave up on before are not delivered again; their dead letters can be replayed once the consumer has a handler';
  }
  if (consequence.what === 'silent') {
    return `the server delivers nothing from it: ${consequence.because.detail}`;
  }
  if (consequence.what === 'consumers-lost') {
    return `other consumers on it are deleted too: ${consequence.names.join(', ')}`;
  }
  const { what, role, count, subject, consumer, atMost, about } = consequence;
  const form = count === 1 ? 0 : 1;
  const roughly = atMost ? 'up to ' : about ? 'about ' : '';
  const amount = count === null ? 'an unknown number of' : `${roughly}${formatCount(count)}`;
  const on = subject === undefined ? '' : ` of ${subject}`;
  const by = consumer === undefined ? '' : ` by ${consumer}`;
  return `${amount} ${nouns[role][form]}${on} ${verbs[what][form]}${by}`;
}
