import { checkOptions, type Checks } from '../../domain/options.js';
import {
  refuseLimit,
  refuseNoFunction,
  refuseNoPipeline,
  refuseNoSignal,
  refuseNoText,
  refuseTexts,
} from '../../domain/given.js';
import type { PipelineConfig } from '../../config/resolved.js';
import { subjectMatches } from '../../domain/subjects.js';
import { leavable } from '../../flow/leavable.js';
import { EventRegistry } from '../../handlers/event.js';
import { type Heard, subscribe } from '../../nats/consume/subscribe.js';
import { translateError } from '../../nats/errors.js';
import { logRead } from '../../operations/log-read.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type HeardEvent, heardEvent } from './stored-event.js';
import { refuseNoSubject, subjectsNamed, withoutParts } from './subjects-meant.js';

/** What is listened to, and until when. */
export interface HearEventsOptions {
  /** Event types of the config, or any subjects, with `*` for a token and `>` at the end. Default: those of the events stream. */
  readonly subjects?: readonly string[];
  /** Of all that listen under the same name, one hears each message. Default: everybody hears each. */
  readonly queue?: string;
  /** Ends after so many. Default: no end. */
  readonly count?: number;
  /** Ends the listening. */
  readonly signal?: AbortSignal;
  /** Called once the server knows what is listened to. */
  readonly onListening?: (subjects: readonly string[]) => void;
  /** Called with how many were thrown away so far, since what has arrived is looked at too slowly. */
  readonly onDropped?: (dropped: number) => void;
}

const hearChecks = {
  subjects: refuseTexts,
  queue: refuseNoText,
  count: refuseLimit,
  signal: refuseNoSignal,
  onListening: refuseNoFunction,
  onDropped: refuseNoFunction,
} as const satisfies Checks<HearEventsOptions>;

/** Most that wait to be looked at: what comes beyond is thrown away, as a server does with those who read too slowly. */
const mostWaiting = 65_536;
const mostBytes = 67_108_864;

/**
 * What is published while one listens, by plain NATS: at most once, nothing is stored for it, and what comes while the
 * connection is lost is never heard. Nothing of JetStream is used. With a wildcard in front, what servers, clients and
 * the pipeline itself send each other is left out.
 *
 * Throws UsageError for what is no subject; ConnectionError `NOT_ALLOWED`.
 */
export function hearEvents(
  pipeline: Pipeline,
  options: HearEventsOptions = {},
): AsyncGenerator<HeardEvent, void> {
  return leavable(options, (signal) => eachHeard(pipeline, options, signal));
}

async function* eachHeard(
  pipeline: Pipeline,
  options: HearEventsOptions,
  signal: AbortSignal,
): AsyncGenerator<HeardEvent, void> {
  refuseNoPipeline(pipeline);
  checkOptions(hearChecks, options);
  const { link, config, clock } = pipeline;
  const { subjects: named = [], queue, onDropped } = options;
  let { count: left = Number.POSITIVE_INFINITY } = options;
  const subjects = named.length === 0 ? config.streams.events.subjects : subjectsNamed(config, named);
  for (const one of subjects) refuseNoSubject(one);
  await logRead(pipeline, `events tail --core ${subjects.join(' ')}`);
  const registry = new EventRegistry(config);
  const filters = withoutParts(subjects);
  const waiting: { readonly message: Heard; readonly time: string }[] = [];
  let [bytes, dropped] = [0, 0];
  let failure: Error | undefined;
  let ended = false;
  let wake = (): void => {};
  const take = (message: Heard, at: number): void => {
    if (!isHeardHere(config, filters, at, message.subject)) return;
    if (waiting.length >= mostWaiting || bytes >= mostBytes) return onDropped?.(++dropped);
    bytes += message.data.length;
    waiting.push({ message, time: `${clock.now()}000000` });
    wake();
  };
  const onAbort = (): void => wake();
  const stops = filters.map((subject, at) =>
    subscribe(link, {
      subject,
      ...(queue === undefined ? {} : { queue }),
      onMessage: (message) => take(message, at),
      onRefused: (error) => {
        failure ??= translateError(error, `listen on ${subject}`);
        wake();
      },
    }),
  );
  const unwatch = link.watchEnd((reason) => {
    failure ??= reason;
    ended = true;
    wake();
  });
  signal?.addEventListener('abort', onAbort);
  try {
    await link.flush();
    options.onListening?.(filters);
    while (signal?.aborted !== true) {
      if (failure) throw failure;
      if (ended) return;
      for (const { message, time } of waiting.splice(0)) {
        if (signal?.aborted) return;
        bytes -= message.data.length;
        yield await heardEvent(pipeline, message, time, registry);
        if (--left === 0) return;
      }
      if (waiting.length === 0 && !signal?.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unwatch();
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(stops.map((stop) => stop()));
  }
}

/** What several of the subjects have is heard by the first of them. */
function isHeardHere(
  config: PipelineConfig,
  filters: readonly string[],
  at: number,
  subject: string,
): boolean {
  if (filters.some((filter, i) => i < at && subjectMatches(filter, subject))) return false;
  const [first = ''] = (filters[at] ?? '').split('.', 1);
  if (first !== '*' && first !== '>') return true;
  return !subject.startsWith('$') && !subject.startsWith('_') && !isOwn(config, subject);
}

function isOwn({ streams: { events: _events, ...own } }: PipelineConfig, subject: string): boolean {
  return Object.values(own).some(({ subjects }) =>
    subjects.some((filter) => subjectMatches(filter, subject)),
  );
}
