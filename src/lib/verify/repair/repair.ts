import { refuseNoObject, refuseNoPipeline, refuseObjects } from '../../domain/given.js';
import { nothingKnown } from '../../domain/standing-records.js';
import { isoOfMs } from '../../domain/time.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Key } from '../../domain/key.js';
import { type Pointer, pointerFrom } from '../../domain/pointer.js';
import type { Exhaustion, RecordFacts } from '../../domain/record.js';
import { smallerRecords } from '../../domain/smaller.js';
import { WrongSequenceError } from '../../nats/errors.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { recordAbout, subjectOf } from '../../journal/record-about.js';
import { lastRecord } from '../../journal/read.js';
import { storeFitting } from '../../nats/wire/store-fitting.js';
import { writePointer } from '../../pointers/write-pointer.js';
import { routeExhaustion } from '../../routing/route.js';
import { Transcriber } from '../../routing/transcribe.js';
import { Positions } from '../scan/positions.js';
import { readExhaustionOf, readRoutable, rebuildExhaustion } from './restore.js';
import { exhaustionOfLetter, restoreArchived } from './restore-archived.js';
import { Tracer } from '../trace/trace.js';
import { metaKeyOf, traceMeta } from '../trace/trace-meta.js';
import type { Finding, Problem, Repaired, Verification, Verified } from '../verification.js';

const note = 'restored by pipeline verify --repair';

/**
 * Brings back what can be: routes what an exhaustion has not led to, and restores pointers, dead letters and
 * exhaustions from what is left of them. Looks at each once more first, so that what has moved on meanwhile is left
 * alone. Can be killed at any point and run again.
 */
export async function repairVerified(pipeline: Pipeline, verified: Verified): Promise<Verification> {
  refuseNoPipeline(pipeline);
  refuseNoObject('verified', verified ?? null);
  refuseObjects('verified.findings', verified.findings ?? null);
  const positions = await Positions.read(pipeline);
  const tracer = new Tracer(pipeline, positions);
  const repaired: Repaired[] = [];
  const fixed = new Set<Problem>();
  for (const finding of verified.findings) {
    if (!finding.problem.repairable) continue;
    const detail =
      finding.advisorySeq === undefined
        ? await repairOne(pipeline, tracer, positions, finding)
        : await routeAdvisory(pipeline, finding.advisorySeq);
    if (detail === undefined) continue;
    fixed.add(finding.problem);
    repaired.push({ kind: finding.problem.kind, id: finding.problem.id, detail });
  }
  const problems = verified.report.problems.filter((problem) => !fixed.has(problem));
  return { ...verified.report, ok: problems.length === 0, problems, repaired };
}

/** What was done; undefined: nothing could be. */
async function repairOne(
  pipeline: Pipeline,
  tracer: Tracer,
  positions: Positions,
  { problem, key }: Finding,
): Promise<string | undefined> {
  if (key.tier === 'meta') return routeMeta(pipeline, positions, key);
  if (problem.kind === 'exhaustion-missing') return restoreExhaustion(pipeline, key);
  const trace = await tracer.stage(key);
  if (typeof trace === 'string') return 'it had moved on by itself: nothing was done';
  if (trace.problem.kind !== problem.kind) return undefined;
  if (problem.kind === 'archived-missing') return restoreArchived(pipeline, trace.key);
  if (problem.kind === 'pointer-missing') {
    const x = await tracer.sourceOf(key);
    return x && restorePointer(pipeline, x, { ...pointerFrom(x, 'retry', 0), cycle: key.cycle });
  }
  const x = await exhaustionOfLetter(pipeline, trace.key);
  if (!x) return undefined;
  if (problem.kind === 'dead-letter-missing') return restorePointer(pipeline, x, pointerFrom(x, 'dlq', 0));
  return route(pipeline, x);
}

async function routeAdvisory(pipeline: Pipeline, journalSeq: number): Promise<string | undefined> {
  const { link, config } = pipeline;
  const message = await link.readFromLeader(config.streams.advisories.name, journalSeq);
  if (!message) return undefined;
  const { subject, data, time } = message;
  const judgement = await new Transcriber(pipeline).judge({ subject, data, storedAt: time });
  if (judgement.is === 'known') return 'it had moved on by itself: nothing was done';
  if (judgement.is !== 'exhaustion') return undefined;
  const routed = await route(pipeline, judgement.exhaustion);
  await storeExhaustion(pipeline, judgement.exhaustion);
  return routed;
}

async function route(pipeline: Pipeline, x: Exhaustion): Promise<string> {
  const routed = await routeExhaustion(pipeline, x, nothingKnown);
  if (routed.to === 'nowhere') return `it had moved on (${routed.because})`;
  const { to } = routed;
  // Its record is dropped where the server remembers one that was removed.
  if (!(await lastRecord(pipeline, x, 'ROUTED'))) await journalRepair(pipeline, x, { kind: 'ROUTED', to });
  return `routed to ${to}`;
}

/** The pointer first, then a record that it was restored: killed in between, only the record is missing. */
async function restorePointer(pipeline: Pipeline, x: Exhaustion, pointer: Pointer): Promise<string> {
  const { written } = await writePointer(pipeline.link, pipeline.places[pointer.stage], pointer);
  if (!written) return 'it was there again';
  // Of a replay there is a record that stays true; a routing is recorded again.
  if (pointer.cycle === x.cycle) await journalRepair(pipeline, x, { kind: 'ROUTED', to: pointer.stage });
  return pointer.stage === 'dlq'
    ? 'its dead letter is back'
    : 'its pointer is back in the retry stage, due now';
}

async function restoreExhaustion(pipeline: Pipeline, key: Key): Promise<string | undefined> {
  if (await readExhaustionOf(pipeline, key)) return 'it was there again';
  const x = await rebuildExhaustion(pipeline, key);
  if (!x) return undefined;
  const before = await lastRecord(pipeline, key, 'ROUTED');
  const routed = before ? 'it was routed' : await route(pipeline, x);
  await storeExhaustion(pipeline, x);
  return `its exhaustion is back in the journal; ${routed}`;
}

/**
 * Only after its routing: the meta-consumer reads this record too, and then finds it routed. It is stored only where
 * nobody else stores one meanwhile, and without a message id: that of one that was removed is remembered still, and
 * would drop this one.
 */
async function storeExhaustion(pipeline: Pipeline, x: Exhaustion): Promise<void> {
  const { link, identity, places } = pipeline;
  const { journal } = places;
  const subject = subjectOf(journal, x, x.kind);
  const last = await link.readLast(journal.stream, subject);
  try {
    const version = { ...x, operator: identity.operator, note };
    const conditions = { expectStream: journal.stream, expectLastSubjectSeq: last?.seq ?? 0 };
    await storeFitting(link, journal.stream, { version, smaller: () => smallerRecords(version) }, (one) =>
      link.publish(subject, JSON.stringify(one), conditions),
    );
  } catch (error) {
    if (!(error instanceof WrongSequenceError)) throw error;
  }
}

async function routeMeta(pipeline: Pipeline, positions: Positions, key: Key): Promise<string | undefined> {
  const { config } = pipeline;
  const { seq } = key.origin;
  const trace = await traceMeta(pipeline, positions, { seq, journalSeq: seq });
  if (trace === 'fine' || trace === 'in-flight') return 'it had moved on by itself: nothing was done';
  const x = await readRoutable(pipeline, seq);
  if (!x) return undefined;
  const routed = await route(pipeline, x);
  await journalRepair(
    pipeline,
    { ...metaKeyOf(config, seq), consumer: metaConsumers.retry },
    { kind: 'RESOLVED' },
  );
  return routed;
}

/** Without a message id: inside the dedup window of what was removed it would be dropped. */
async function journalRepair(pipeline: Pipeline, key: Key, facts: RecordFacts): Promise<void> {
  const { link, places, clock, identity } = pipeline;
  const { journal } = places;
  const { worker, operator } = identity;
  const record = recordAbout(key, { ...facts, at: isoOfMs(clock.now()), worker, operator, note });
  await link.publish(subjectOf(journal, key, facts.kind), JSON.stringify(record), {
    expectStream: journal.stream,
  });
}
