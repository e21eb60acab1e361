import { escapeLine } from '../domain/escape.js';
import type { ConsumerPause } from '../topology/pause.js';
import type { View } from './dead-letters.js';
import { renderTime } from './time.js';

/** Each stage of a consumer on a line: what waits, what is in hand, and until when it is paused. */
export function renderPause(
  { stages }: Pick<ConsumerPause, 'stages'>,
  { colors }: Pick<View, 'colors'>,
): string {
  const widest = Math.max(...stages.map(({ consumer }) => consumer.length));
  return stages
    .map(({ consumer, waiting, inHand, paused, until }) => {
      const state = !paused
        ? 'delivered'
        : colors.yellow(until === null ? 'paused' : `paused until ${renderTime(escapeLine(until))} UTC`);
      return `${escapeLine(consumer).padEnd(widest)}  ${waiting} waiting, ${inHand} in hand  ${state}`;
    })
    .join('\n');
}
