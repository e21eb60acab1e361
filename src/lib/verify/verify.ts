import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoFunction, refuseNoPipeline } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PipelineConfig } from '../config/resolved.js';
import { formatDuration } from '../domain/duration.js';
import { concurrently } from '../flow/concurrently.js';
import type { ConsumerInfo, StreamInfo } from '../nats/objects.js';
import { standstillOf } from '../nats/standstill.js';
import { Transcriber } from '../routing/transcribe.js';
import { checkApplied } from './checks/check-applied.js';
import { checkExpired } from './checks/check-expired.js';
import { checkObjects } from './checks/check-objects.js';
import { checkOrphans } from './checks/check-orphans.js';
import { checkRetention } from './checks/check-retention.js';
import { checkTasks } from './checks/check-tasks.js';
import { confirmLosses } from './checks/losses.js';
import type { OpenCase } from './trace/open-cases.js';
import { Positions } from './scan/positions.js';
import type { OnRead } from '../nats/read/read-so-far.js';
import { type JournalScan, scanJournal } from './scan/scan-journal.js';
import { type PointerScan, scanPointers } from './scan/scan-pointers.js';
import { type Trace, Tracer } from './trace/trace.js';
import { traceAdvisory } from './trace/trace-advisory.js';
import { traceMeta } from './trace/trace-meta.js';
import {
  type Checked,
  type Finding,
  findingOf,
  type Verified,
  type Waiting,
  type Warning,
} from './verification.js';
import { suggestCommand } from '../suggestion.js';

/** Open cases that are followed at once. */
const tracesAtOnce = 32;
const chunkSize = 1024;

const nothing: Checked = {
  records: 0,
  exhaustions: 0,
  pointers: 0,
  deadLetters: 0,
  archived: 0,
  originals: 0,
  inFlight: 0,
};

/** What may be asked of `verifyPipeline`. */
export interface VerifyOptions {
  /** Told how far the reading has got. */
  readonly onRead?: OnRead;
}

/**
 * Reads journal, pointers, consumers and streams of a pipeline, which may be running, and names what breaks its
 * promise. Writes nothing that stays.
 *
 * Memory: about 100 bytes for each event that is failing, waiting or dead; what is resolved costs none. What looks
 * wrong is asked for once more, by its own records, before it is named.
 */
export async function verifyPipeline(pipeline: Pipeline, options: VerifyOptions = {}): Promise<Verified> {
  refuseNoPipeline(pipeline);
  checkOptions({ onRead: refuseNoFunction } as const satisfies Checks<VerifyOptions>, options);
  const { onRead = () => {} } = options;
  const { link, config, clock } = pipeline;
  const objects = await checkObjects(pipeline);
  const report = { pipeline: config.name, server: link.server };
  const { advisories, retry, dlq } = config.streams;
  if (![advisories, retry, dlq].every(({ name }) => objects.streams.has(name))) {
    const { problems, warnings } = objects;
    return {
      report: { ...report, ok: false, checked: nothing, problems, warnings, waiting: [] },
      findings: [],
    };
  }
  const transcriber = new Transcriber(pipeline);
  const journal = await scanJournal(pipeline, transcriber, onRead);
  const pointers = await scanPointers(pipeline, journal, onRead);
  const positions = await Positions.read(pipeline);
  const traced = await traceAll(pipeline, journal, positions, transcriber);
  const lost = await confirmLosses(pipeline, journal.losses);
  const retention = await checkRetention(pipeline, objects.streams, positions.all(), clock.now());
  const expired = checkExpired(config, objects.streams, positions.all());

  const orphans = await checkOrphans(pipeline);
  const applied = objects.streams.has(config.streams.operations.name) ? await checkApplied(pipeline) : [];
  const tasks = await checkTasks(pipeline);
  const gone = new Set(lost.map(({ problem }) => problem.id));
  const unfinished = traced.findings.filter(
    ({ problem }) => !(problem.kind === 'unfinished' && gone.has(problem.id)),
  );
  const findings = [...unfinished, ...pointers.findings, ...lost];
  const problems = [
    ...objects.problems,
    ...retention.problems,
    ...expired.problems,
    ...orphans.problems,
    ...tasks.problems,
    ...findings.map(({ problem }) => problem),
  ];
  const { records, exhaustions } = journal;
  const { pointers: waiting, deadLetters, archived, originals } = pointers;
  return {
    report: {
      ...report,
      ok: problems.length === 0,
      checked: {
        records,
        exhaustions,
        pointers: waiting,
        deadLetters,
        archived,
        originals,
        inFlight: traced.inFlight,
      },
      problems,
      warnings: [
        ...objects.warnings,
        ...standstills(objects.streams, positions.all()),
        ...retention.warnings,
        ...expired.warnings,
        ...orphans.warnings,
        ...applied,
        ...malformed(journal.malformed + pointers.malformed + tasks.malformed),
        ...originalsGone(pointers.gone),
        ...lettersEnd(config, traced.agedOut),
        ...refused(journal.untold.refused),
        ...external(config),
      ],
      waiting: positions.all().flatMap(waitingFor),
    },
    findings,
  };
}

interface Traced {
  readonly findings: readonly Finding[];
  readonly inFlight: number;
  /** Dead letters that were removed at their age. */
  readonly agedOut: number;
}

async function traceAll(
  pipeline: Pipeline,
  { cases, meta, untold }: JournalScan,
  positions: Positions,
  transcriber: Transcriber,
): Promise<Traced> {
  const tracer = new Tracer(pipeline, positions);
  const findings: Finding[] = [];
  let inFlight = 0;
  let agedOut = 0;
  const collect = (traces: readonly (Trace | undefined)[]): void => {
    for (const trace of traces) {
      if (trace === 'in-flight') inFlight++;
      else if (trace === 'aged-out') agedOut++;
      else if (trace !== undefined && trace !== 'fine') findings.push(trace);
    }
  };
  for (const chunk of chunks(cases.cases())) {
    collect(await concurrently(chunk, tracesAtOnce, (one) => traceCase(tracer, one)));
  }
  collect(await concurrently(meta.cases(), tracesAtOnce, (open) => traceMeta(pipeline, positions, open)));
  collect(
    await concurrently(untold.untold, tracesAtOnce, (one) =>
      traceAdvisory(pipeline, positions, transcriber, one),
    ),
  );
  const holes = await concurrently(cases.holes, tracesAtOnce, (key) => tracer.hole(key));
  collect(holes);
  for (const key of cases.twice) {
    findings.push(
      findingOf(key, 'routed-twice', `its ${key.stage} stage was routed to the retry stage and to the DLQ`),
    );
  }
  return { findings: unique(findings), inFlight, agedOut };
}

function traceCase(tracer: Tracer, { key, phase }: OpenCase): Promise<Trace> {
  return tracer.stage(phase === 'to-retry' ? { ...key, stage: 'retry' } : key);
}

/** Each problem of an event once. */
function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const { problem, key } = finding;
    const id = `${problem.kind}/${problem.id}/${key.origin.time}/${key.stage}/${key.cycle}`;
    if (!seen.has(id)) seen.set(id, finding);
  }
  return [...seen.values()];
}

function* chunks<T>(items: Iterable<T>): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    if (chunk.push(item) < chunkSize) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

function waitingFor(info: ConsumerInfo): Waiting[] {
  const { name, stream_name: stream, num_pending: notDelivered, num_ack_pending: unacknowledged } = info;
  return notDelivered + unacknowledged === 0
    ? []
    : [{ consumer: name, stream, notDelivered, unacknowledged }];
}

/** Of what is there: what is missing or differs from the config is a problem of its own. */
function standstills(streams: ReadonlyMap<string, StreamInfo>, infos: readonly ConsumerInfo[]): Warning[] {
  return infos.flatMap((info) => {
    const still = standstillOf(info.stream_name, streams.get(info.stream_name), info);
    return still ? [{ kind: 'standstill' as const, detail: `${info.name}: ${still.detail}` }] : [];
  });
}

function refused(count: number): Warning[] {
  if (count === 0) return [];
  const detail = `${count} advisories about consumers of the pipeline can't be true, and were ignored`;
  return [{ kind: 'refused-advisory', detail }];
}

function external(config: PipelineConfig): Warning[] {
  if (config.external.length === 0) return [];
  const names = config.external.map(({ name }) => name).join(', ');
  return [
    {
      kind: 'external',
      detail: `external: ${names}. The only sign that the server gave up on an event is an advisory, sent once and not acknowledged: if that was missed, the event can't be found`,
    },
  ];
}

function originalsGone({ count, first }: PointerScan['gone']): Warning[] {
  if (count === 0) return [];
  const what =
    count === 1 ? `the original of dead letter ${first} is` : `the originals of ${count} dead letters are`;
  const example = count === 1 ? '' : `, e.g. ${first}`;
  const detail = `${what} gone or replaced${example}: they can't be replayed, only discarded`;
  // Some of several may be edited, and can be replayed so: none is discarded by what is suggested.
  const suggestions = [
    count === 1 && first !== undefined
      ? suggestCommand('dlq discard', { args: [first], flags: { reason: { blank: 'text' } } })
      : suggestCommand('dlq list', { args: ['original:missing,replaced'], why: 'see which' }),
  ];
  return [{ kind: 'original-missing', detail, suggestions }];
}

function lettersEnd({ streams }: PipelineConfig, agedOut: number): Warning[] {
  const { maxAgeMs } = streams.dlq;
  if (maxAgeMs === 0) return [];
  const rule = `dead letters older than ${formatDuration(maxAgeMs)} are removed (streams.dlq.maxAge)`;
  const detail =
    agedOut === 0
      ? `${rule}, whether anybody has looked at them or not`
      : `${rule}: ${agedOut} of those in the journal ${agedOut === 1 ? 'was' : 'were'}, and nobody had replayed or discarded ${agedOut === 1 ? 'it' : 'them'}`;
  return [{ kind: 'dead-letters-end', detail }];
}

function malformed(count: number): Warning[] {
  if (count === 0) return [];
  return [
    {
      kind: 'malformed',
      detail: `${count} messages in the pipeline's own streams are not valid records or pointers`,
    },
  ];
}
