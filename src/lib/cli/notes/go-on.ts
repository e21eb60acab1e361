import { isoOfMs } from '../../domain/time.js';
import type { EventReplay } from '../../events/replay/replay-options.js';
import { type OwnCommand, type SuggestedWord, suggestCommand } from '../../suggestion.js';

/** The flags of `events replay` that its rest is done with too. */
export interface ReplayFlags {
  readonly until?: number | undefined;
  readonly handler?: string | undefined;
  readonly to?: string | undefined;
  readonly 'to-context'?: string | undefined;
  readonly 'to-server'?: string | undefined;
  readonly 'keep-ids'?: boolean | undefined;
  readonly output?: string | undefined;
  readonly speed?: number | 'max' | undefined;
  readonly rate?: number | undefined;
  readonly yes?: boolean | undefined;
  readonly confirm?: string | undefined;
  readonly json?: boolean | undefined;
}

/** The rest of a replay that ended early. `ids`: what its message ids begin with, where they are new ones. */
export function goOnWithReplay(
  subjects: readonly string[],
  flags: ReplayFlags,
  { firstSeq, lastSeq }: Pick<EventReplay, 'firstSeq' | 'lastSeq'>,
  ids: string | undefined,
): OwnCommand {
  const { until, speed, rate, output, 'to-server': toServer, ...others } = flags;
  const next = lastSeq === null ? (firstSeq ?? 1) : lastSeq + 1;
  return suggestCommand('events replay', {
    args: subjects,
    flags: given({
      'from-seq': next,
      until: until === undefined ? undefined : isoOfMs(until),
      handler: others.handler,
      to: others.to,
      'to-context': others['to-context'],
      // Which part of it is secret can't be told for sure.
      'to-server': toServer?.includes('@') ? { blank: 'servers' } : toServer,
      'keep-ids': others['keep-ids'],
      name: ids,
      output: output === 'ndjson' ? output : undefined,
      speed: typeof speed === 'number' ? `${speed}x` : speed,
      rate,
      yes: others.yes,
      confirm: others.confirm,
      json: others.json,
    }),
    why: 'go on',
  });
}

/** The flags of `events publish --count` that its rest is stored with too. */
export interface PublishFlags {
  readonly data?: string | undefined;
  readonly header?: readonly string[] | undefined;
  readonly param?: readonly string[] | undefined;
  readonly count: number;
  readonly json?: boolean | undefined;
}

/** The same again: what is stored by these ids is not stored twice. */
export function goOnWithPublish(
  type: string,
  id: string,
  { data, header, param, count, json }: PublishFlags,
): OwnCommand {
  return suggestCommand('events publish', {
    args: [type],
    flags: given({ data, header, param, count, id, json }),
    why: 'store the rest, nothing twice',
  });
}

type Value = SuggestedWord | readonly string[] | boolean | undefined;

/** Without those that were not given. */
function given<T extends Readonly<Record<string, Value>>>(
  flags: T,
): { readonly [F in keyof T]?: NonNullable<T[F]> extends boolean ? true : NonNullable<T[F]> } {
  const entries = Object.entries(flags).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(entries) as { readonly [F in keyof T]?: never };
}
