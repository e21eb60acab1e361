// What the operator's commands came to, from what the handlers did and what the pipeline says.
import { consumerOf } from './project.mjs';

const bounds = { commands: 5, canary: 11 };

/**
 * @param effects what the handlers did, each time
 * @param commands what the operator typed: {line, seconds}
 * @param archived ids that were put away, with a reason
 * @param canary events that the wrong repair was tried on
 */
export function account({ events, effects, commands, archived, canary, left }) {
  const done = new Map();
  for (const { n, consumer } of effects) {
    const key = `${consumer} ${n}`;
    done.set(key, (done.get(key) ?? 0) + 1);
  }
  const resolved = events.filter(({ type, data }) => done.get(`${consumerOf(type)} ${data.n}`) === 1);
  const audited = events.filter(({ data }) => done.get(`audit-consumer ${data.n}`) === 1);
  // An effect that nobody asked for: twice, or by a consumer that had no part in the incident.
  const twice = [...done].filter(([key, times]) => times > 1 && !key.startsWith('audit-consumer'));
  const others = effects.filter(({ consumer, cycle }) => consumer === 'audit-consumer' && cycle > 0);
  const seconds = commands.reduce((sum, one) => sum + one.seconds, 0);
  const entries = [
    ['commands', commands.length, `at most ${bounds.commands}`],
    ['tool seconds', seconds.toFixed(1), ''],
    ['events', events.length, ''],
    ['resolved', resolved.length, ''],
    ['archived', archived, 'with a reason'],
    ['dead letters left', left, ''],
    ['wrong replays', twice.length, 'an effect that happened twice'],
    [
      'others touched',
      others.length + events.length - audited.length,
      'replayed to a consumer without trouble',
    ],
    ['canary', canary, `events that the wrong repair was tried on, at most ${bounds.canary}`],
  ];
  const ok =
    commands.length <= bounds.commands &&
    resolved.length + archived === events.length &&
    left === 0 &&
    twice.length === 0 &&
    others.length === 0 &&
    audited.length === events.length &&
    canary > 0 &&
    canary <= bounds.canary;
  return { entries, ok };
}
