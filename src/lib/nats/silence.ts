import type { ConsumerInfo } from './objects.js';

/** Why the server delivers nothing of a consumer, although somebody asks and messages wait. */
export type Silence =
  /** Somebody paused it; nats-server 2.11 or newer. `until`: ISO. */
  | { readonly why: 'paused'; readonly until: string }
  /** It begins with events that are stored from a time on which has not come yet, ISO. */
  | { readonly why: 'not-started'; readonly until: string }
  /** It answers those alone who ask in the name of one of its priority groups; nats-server 2.11 or newer. */
  | { readonly why: 'priority-groups'; readonly groups: readonly string[] };

/** Undefined: the server delivers what there is. */
export function silenceOf({ config, paused, ts }: ConsumerInfo): Silence | undefined {
  const { pause_until: pausedUntil, opt_start_time: start, deliver_policy: policy } = config;
  const { priority_policy: priority, priority_groups: groups = [] } = config;
  if (paused === true) return { why: 'paused', until: pausedUntil ?? 'further notice' };
  if (policy === 'by_start_time' && start !== undefined && ts !== undefined) {
    if (Date.parse(start) > Date.parse(ts)) return { why: 'not-started', until: start };
  }
  return groups.length > 0 && priority !== undefined && priority !== 'none'
    ? { why: 'priority-groups', groups }
    : undefined;
}

/** `is paused until 2036-01-01T00:00:00Z: …`: goes after the name of the consumer. */
export function describeSilence(silence: Silence): string {
  if (silence.why === 'paused') {
    return `is paused until ${silence.until}: the server delivers nothing until then`;
  }
  if (silence.why === 'not-started') {
    return `starts at ${silence.until}: the server delivers nothing until then`;
  }
  return `has priority groups (${silence.groups.join(', ')}), which somebody else has set: the server delivers nothing to this pipeline`;
}

/** The command that ends the silence; undefined: only time does. */
export function endOfSilence(
  { why }: Silence,
  { stream_name: stream, name }: ConsumerInfo,
): string | undefined {
  if (why === 'paused') return `nats consumer resume ${stream} ${name}`;
  return why === 'priority-groups' ? `nats consumer edit ${stream} ${name}` : undefined;
}
