import { nothingKnown } from '../../domain/standing-records.js';
import type { Key } from '../../domain/key.js';
import { type Pointer, pointerFrom } from '../../domain/pointer.js';
import type { Exhaustion, RecordFacts } from '../../domain/record.js';
import { smallerRecords } from '../../domain/smaller.js';
import { WrongSequenceError } from '../../nats/errors.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { recordAbout, subjectOf } from '../../journal/place.js';
import { lastRecord } from '../../journal/read.js';
import { storeFitting } from '../../nats/wire/store-fitting.js';
import { writePointer } from '../../pointers/write-pointer.js';
import { journalOf, pointersOf, type RouteTools, routeExhaustion } from '../../routing/route.js';
import { Transcriber } from '../../routing/transcribe.js';
import { Positions } from '../scan/positions.js';
import { findExhaustion, readExhaustionOf, readRoutable, rebuildExhaustion } from './restore.js';
import { Tracer } from '../trace/trace.js';
import { metaKeyOf, traceMeta } from '../trace/trace-meta.js';
import type { Finding, Problem, Repaired, Verification, Verified } from '../verification.js';

export interface RepairTools extends RouteTools {
  /** Who repairs, as `user@host`. */
  readonly operator: string;
}

const note = 'restored by pipeline verify --repair';

/**
 * Brings back what can be: routes what an exhaustion has not led to, and restores pointers, dead letters and
 * exhaustions from what is left of them. Looks at each once more first, so that what has moved on meanwhile is left
 * alone. Can be killed at any point and run again.
 */
export async function repairVerified(tools: RepairTools, verified: Verified): Promise<Verification> {
  const { link, config } = tools;
  const positions = await Positions.read(link, config);
  const tracer = new Tracer(link, config, positions);
  const repaired: Repaired[] = [];
  const mended = new Set<Problem>();
  for (const finding of verified.findings) {
    if (!finding.problem.repairable) continue;
    const detail =
      finding.advisorySeq === undefined
        ? await repairOne(tools, tracer, positions, finding)
        : await routeAdvisory(tools, finding.advisorySeq);
    if (detail === undefined) continue;
    mended.add(finding.problem);
    repaired.push({ kind: finding.problem.kind, id: finding.problem.id, detail });
  }
  const problems = verified.report.problems.filter((problem) => !mended.has(problem));
  return { ...verified.report, ok: problems.length === 0, problems, repaired };
}

/** What was done; undefined: nothing could be. */
async function repairOne(
  tools: RepairTools,
  tracer: Tracer,
  positions: Positions,
  { problem, key }: Finding,
): Promise<string | undefined> {
  const { link, config } = tools;
  if (key.tier === 'meta') return routeMeta(tools, positions, key);
  if (problem.kind === 'exhaustion-missing') return restoreExhaustion(tools, key);
  const trace = await tracer.stage(key);
  if (trace === 'fine' || trace === 'in-flight') return 'it had moved on by itself: nothing was done';
  if (trace.problem.kind !== problem.kind) return undefined;
  if (problem.kind === 'pointer-missing') {
    const x = await tracer.sourceOf(key);
    return x && restorePointer(tools, x, { ...pointerFrom(x, 'retry', 0), cycle: key.cycle });
  }
  const x = await findExhaustion(link, config, trace.key);
  if (!x) return undefined;
  if (problem.kind === 'dead-letter-missing') return restorePointer(tools, x, pointerFrom(x, 'dlq', 0));
  return route(tools, x);
}

/** The exhaustion first, as the meta-consumer does: it then finds it routed. */
async function routeAdvisory(tools: RouteTools, journalSeq: number): Promise<string | undefined> {
  const { link, config } = tools;
  const message = await link.readFromLeader(config.streams.advisories.name, journalSeq);
  if (!message) return undefined;
  const { subject, data, time } = message;
  const judgement = await new Transcriber(tools).transcribe({ subject, data, storedAt: time });
  if (judgement.is === 'known') return 'it had moved on by itself: nothing was done';
  return judgement.is === 'exhaustion' ? route(tools, judgement.exhaustion) : undefined;
}

async function route(tools: RouteTools, x: Exhaustion): Promise<string> {
  const routed = await routeExhaustion(tools, x, nothingKnown);
  return routed.to === 'nowhere' ? `it had moved on (${routed.because})` : `routed to ${routed.to}`;
}

/** The pointer first, then a record that it was restored: killed in between, only the record is missing. */
async function restorePointer(tools: RepairTools, x: Exhaustion, pointer: Pointer): Promise<string> {
  const { link, config } = tools;
  const { written } = await writePointer(link, pointersOf(config, pointer.stage), pointer);
  if (!written) return 'it was there again';
  // Of a replay there is a record that stays true; a routing is told again.
  if (pointer.cycle === x.cycle) await journalRepair(tools, x, { kind: 'ROUTED', to: pointer.stage });
  return pointer.stage === 'dlq'
    ? 'its dead letter is back'
    : 'its pointer is back in the retry stage, due now';
}

/**
 * Routes first: the restored record then finds itself routed. It is stored only where none is, whatever the
 * dedup window remembers.
 */
async function restoreExhaustion(tools: RepairTools, key: Key): Promise<string | undefined> {
  const { link, config } = tools;
  const journal = journalOf(config);
  if (await readExhaustionOf(link, config, key)) return 'it was there again';
  const x = await rebuildExhaustion(link, config, key);
  if (!x) return undefined;
  const before = await lastRecord(link, journal, key, 'ROUTED');
  const routed = before ? 'it was routed' : await route(tools, x);
  const subject = subjectOf(journal, x, x.kind);
  const last = await link.readLast(journal.stream, subject);
  try {
    const version = { ...x, operator: tools.operator, note };
    const conditions = { expectStream: journal.stream, expectLastSubjectSeq: last?.seq ?? 0 };
    await storeFitting(link, journal.stream, { version, smaller: () => smallerRecords(version) }, (one) =>
      link.publish(subject, JSON.stringify(one), conditions),
    );
  } catch (error) {
    if (!(error instanceof WrongSequenceError)) throw error;
  }
  return `its exhaustion is back in the journal; ${routed}`;
}

async function routeMeta(tools: RepairTools, positions: Positions, key: Key): Promise<string | undefined> {
  const { link, config } = tools;
  const { seq } = key.origin;
  const trace = await traceMeta(link, config, positions, { seq, journalSeq: seq });
  if (trace === 'fine' || trace === 'in-flight') return 'it had moved on by itself: nothing was done';
  const x = await readRoutable(link, config, seq);
  if (!x) return undefined;
  const routed = await route(tools, x);
  await journalRepair(
    tools,
    { ...metaKeyOf(config, seq), consumer: metaConsumers.retry },
    { kind: 'RESOLVED' },
  );
  return routed;
}

/** Without a message id: inside the dedup window of what was removed it would be dropped. */
async function journalRepair(tools: RepairTools, key: Key, facts: RecordFacts): Promise<void> {
  const { link, config, now, worker, operator } = tools;
  const journal = journalOf(config);
  const at = new Date(now()).toISOString();
  const record = recordAbout(key, { ...facts, at, worker, operator, note });
  await link.publish(subjectOf(journal, key, facts.kind), JSON.stringify(record), {
    expectStream: journal.stream,
  });
}
