import { checkOptions } from '../../domain/options.js';
import { refuseNoFunction, refuseNoPipeline, waitOf } from '../../domain/given.js';
import { readersOf } from '../../config/resolved.js';
import { escapeLine } from '../../domain/escape.js';
import { filterContains, filtersOverlap } from '../../domain/subjects.js';
import { inUtc, isoOfMs } from '../../domain/time.js';
import { OperationError, UsageError } from '../../errors.js';
import { NotAllowedError } from '../../nats/errors.js';
import type { Link } from '../../nats/link.js';
import { countDeliverable, listConsumers, type ReadingFields, streamsOwning } from '../../nats/objects.js';
import { noStream } from '../../nats/read/read-stream.js';
import { startOf } from '../../nats/read/start-of.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { spanOf } from '../read/read-options.js';
import { subjectsMeant } from '../read/subjects-meant.js';
import { readMapping, sameSubjects, type SubjectMapping } from './mapping.js';
import { replayChecks, type ReplayEventsOptions } from './replay-options.js';

/** Where a replay writes. */
export interface ReplayTarget {
  /** The subject, or all subjects as a filter. */
  readonly subject: string;
  /** The server's address. */
  readonly server: string;
  /** The streams there that store them. */
  readonly streams: readonly string[];
  /** Durable consumers there that will be given these events; null: this user may not ask. */
  readonly consumers: readonly string[] | null;
  /** What the message ids begin with; null: they are kept. */
  readonly ids: string | null;
}

/** What a replay of events is about to do. */
export interface EventReplayPlan {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** The server that is read. */
  readonly server: string;
  /** What is read. */
  readonly subjects: readonly string[];
  /** Stored at this time or later, ISO; null: the start is no time. */
  readonly since: string | null;
  /** From this sequence on; null: the start is no sequence. */
  readonly fromSeq: number | null;
  /** Stored at this time or before, ISO; null: all that is stored now. */
  readonly until: string | null;
  /** How many events that are; null: this user may not count. */
  readonly events: number | null;
  /** Null: nothing is written. */
  readonly target: ReplayTarget | null;
}

/** A plan, and what it is carried out with. */
export interface PreparedReplay extends EventReplayPlan {
  readonly reading: ReplayEventsOptions;
  readonly mapping: SubjectMapping | undefined;
  readonly name: string;
}

/**
 * Checks what is to be read and where it goes, counts it, and says whom it concerns. Nothing is written.
 *
 * @throws UsageError: `UNKNOWN_SUBJECT`, `BAD_MAPPING`, `TARGET_IS_SOURCE`, `OWN_SUBJECT` and others; OperationError `NO_STREAM`
 */
export async function planEventReplay(
  pipeline: Pipeline,
  options: ReplayEventsOptions,
): Promise<EventReplayPlan> {
  const {
    reading: _reading,
    mapping: _mapping,
    name: _name,
    ...plan
  } = await prepareReplay(pipeline, options);
  return plan;
}

export async function prepareReplay(
  pipeline: Pipeline,
  options: ReplayEventsOptions,
): Promise<PreparedReplay> {
  refuseNoPipeline(pipeline);
  checkOptions(replayChecks, options);
  const { config, link, clock } = pipeline;
  checkUse(options);
  checkSpeed(options);
  const mapping = mappingOf(options);
  const name = options.name ?? `replay-${clock.uuid().slice(0, 8)}`;
  if (!/^[!-~]{1,64}$/.test(name))
    throw new UsageError(
      `the name of the replay: expected at most 64 letters and digits, found "${escapeLine(name)}"`,
    );
  const subjects = options.subjects?.length
    ? options.subjects
    : mapping?.from === undefined
      ? undefined
      : [mapping.from];
  const { since, fromSeq, all, until } = options;
  const chosen = { since, fromSeq, all, until, subjects };
  const reading: ReplayEventsOptions = Object.fromEntries(
    Object.entries(chosen).filter(([, one]) => one !== undefined),
  );
  const span = spanOf({ ...reading, follow: false }, clock.now());
  const { start } = span;
  if (start.at === 'all' && options.all !== true) throw noStart();
  const meant = subjectsMeant(config, subjects);
  if (mapping?.from !== undefined) checkFit(meant.subjects, mapping.from);
  const { name: stream } = config.streams.events;
  const info = await link.streamInfo(stream);
  if (!info) throw noStream(link, stream);
  if (start.at === 'time' && start.timeMs > clock.now())
    throw new UsageError(
      `since ${inUtc(isoOfMs(start.timeMs))}: nothing is stored yet that is as new as that`,
    );
  if (start.at === 'seq' && start.seq > info.state.last_seq)
    throw new UsageError(
      `the stream ${stream} ends at ${info.state.last_seq}: expected a sequence up to that, found ${start.seq}`,
    );
  const target = mapping && (await targetOf(pipeline, options, mapping, name));
  const isBounded = span.untilMs < clock.now();
  return {
    pipeline: config.name,
    server: link.server,
    subjects: meant.subjects,
    since: start.at === 'time' ? isoOfMs(start.timeMs) : null,
    fromSeq: start.at === 'seq' ? start.seq : null,
    until: isBounded ? isoOfMs(span.untilMs) : null,
    events: await countEvents(link, stream, meant.filters, start, isBounded ? span.untilMs : undefined),
    target: target ?? null,
    reading,
    mapping,
    name,
  };
}

function checkUse({ handler, to, target, onEvents }: ReplayEventsOptions): void {
  refuseNoFunction('handler', handler);
  refuseNoFunction('onEvents', onEvents);
  const uses = [handler, to ?? target, onEvents].filter((use) => use !== undefined).length;
  if (uses !== 1)
    throw new UsageError('expected one thing to do with the events: a handler, a target, or to take them');
}

function checkSpeed({ speed = 'max', rate, timeoutMs }: ReplayEventsOptions): void {
  if (speed !== 'max' && !(Number.isFinite(speed) && speed > 0))
    throw new UsageError(`expected a speed above 0, or max, found ${speed}`);
  if (rate !== undefined && !(Number.isFinite(rate) && rate > 0))
    throw new UsageError(`expected a rate above 0 per second, found ${rate}`);
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    throw new UsageError(`expected a timeout above 0 ms, found ${timeoutMs}`);
  if (timeoutMs !== undefined) waitOf('timeoutMs', timeoutMs);
}

function mappingOf({ to, target }: ReplayEventsOptions): SubjectMapping | undefined {
  if (to !== undefined) return readMapping(to);
  return target === undefined ? undefined : sameSubjects;
}

function checkFit(subjects: readonly string[], from: string): void {
  const outside = subjects.find((one) => !filterContains(from, one));
  if (outside === undefined) return;
  throw new UsageError(`the mapping is for ${from}, and ${escapeLine(outside)} is not all in it`, {
    code: 'BAD_MAPPING',
    suggestions: ['leave out the subject: what the mapping is for is read', 'or make the mapping wider'],
  });
}

function noStart(): UsageError {
  return new UsageError('expected where to begin: since, fromSeq or all', {
    suggestions: ['--since 2h, --hours 2, --from-seq 1, or --all'],
  });
}

async function countEvents(
  link: Link,
  stream: string,
  filters: readonly string[],
  start: ReturnType<typeof spanOf>['start'],
  untilMs: number | undefined,
): Promise<number | null> {
  const count = (from: Parameters<typeof startOf>[0]): Promise<number | undefined> =>
    countDeliverable(link, stream, { ...startOf(from), filter_subjects: filters } satisfies ReadingFields);
  const first =
    start.at === 'time' ? { timeMs: start.timeMs } : start.at === 'seq' ? { seq: start.seq } : undefined;
  const all = await count(first);
  const beyond = untilMs === undefined || all === undefined ? 0 : await count({ timeMs: untilMs + 1 });
  return all === undefined || beyond === undefined ? null : Math.max(0, all - beyond);
}

async function targetOf(
  pipeline: Pipeline,
  { target: link = pipeline.link, to, keepIds = false }: ReplayEventsOptions,
  { to: subject }: SubjectMapping,
  name: string,
): Promise<ReplayTarget> {
  const { config } = pipeline;
  const isHome = link === pipeline.link || (await isSameStream(pipeline, link));
  if (isHome && to === undefined) {
    throw new UsageError(
      `the target is the source: ${link.server} has these events, and each would be stored again under its own subject`,
      { code: 'TARGET_IS_SOURCE', suggestions: ["say where they go: --to 'events.>=load.>'"] },
    );
  }
  const reached = to === undefined ? config.streams.events.subjects : [subject];
  if (isHome || to !== undefined) refuseOwn(pipeline, subject, isHome);
  const found = await consumersOf(link, reached, typeMeant(config, to));
  const own = isHome
    ? readersOf(config)
        .filter(({ subjects }) => subjects.some((one) => reached.some((to) => filtersOverlap(one, to))))
        .map((one) => one.name)
    : [];
  return {
    subject: reached.join(', '),
    server: link.server,
    streams: found?.streams ?? [],
    consumers:
      found === undefined && !isHome ? null : [...new Set([...own, ...(found?.consumers ?? [])])].toSorted(),
    ids: keepIds ? null : name,
  };
}

/** Events go to subjects: the name of an event type is none, as a rule. */
function typeMeant({ events }: Pipeline['config'], to: string | undefined): string[] {
  const named = events.find(({ type }) => type === to);
  return named ? [`${named.type} is an event type: its subject is ${named.subject}`] : [];
}

/** Both connections lead to one and the same stream: it was made at one time. */
async function isSameStream({ link, config }: Pipeline, target: Link): Promise<boolean> {
  const { name } = config.streams.events;
  const [own, other] = await Promise.all(
    [link, target].map((one) =>
      one.streamInfo(name).catch((error: unknown) => {
        if (error instanceof NotAllowedError) return undefined;
        throw error;
      }),
    ),
  );
  return own !== undefined && own.created === other?.created;
}

/** Records and pointers are written by those who own them. */
function refuseOwn({ config }: Pipeline, subject: string, isHome: boolean): void {
  const { retry, dlq, advisories, operations, kept } = config.streams;
  const own = isHome ? [retry, dlq, advisories, operations, kept].flatMap(({ subjects }) => subjects) : [];
  const taken = ['$JS.>', '$SYS.>', '$KV.>', '$O.>', ...own].find((one) => filtersOverlap(one, subject));
  if (taken === undefined) return;
  throw new UsageError(`no event may be written to ${escapeLine(subject)}: ${taken} has another use`, {
    code: 'OWN_SUBJECT',
    suggestions: ["choose another one: --to 'events.>=load.>'"],
  });
}

/**
 * Streams that store these subjects, and their durable consumers that read them; undefined: this user may not ask.
 *
 * @throws OperationError `NO_STREAM`
 */
async function consumersOf(
  link: Link,
  reached: readonly string[],
  hints: readonly string[],
): Promise<{ readonly streams: string[]; readonly consumers: string[] } | undefined> {
  try {
    const owning = await Promise.all(reached.map((subject) => streamsOwning(link, subject)));
    const streams = [...new Set(owning.flat())];
    const nowhere = reached.find((_, i) => owning[i]?.length === 0);
    if (nowhere !== undefined) {
      throw new OperationError(
        `no stream on ${link.server} stores ${escapeLine(nowhere)}: nothing of it would be kept`,
        {
          code: 'NO_STREAM',
          suggestions: [...hints, 'make a stream for it, or choose a subject that a stream there stores'],
        },
      );
    }
    const infos = (await Promise.all(streams.map((stream) => listConsumers(link, stream)))).flat();
    const reading = infos.filter(({ config }) => {
      const { filter_subjects: several, filter_subject: one, durable_name: durable } = config;
      const filters = several ?? (one ? [one] : ['>']);
      return (
        durable !== undefined && filters.some((filter) => reached.some((to) => filtersOverlap(filter, to)))
      );
    });
    return { streams, consumers: reading.map(({ name }) => name) };
  } catch (error) {
    if (error instanceof NotAllowedError) return undefined;
    throw error;
  }
}
