import fc from 'fast-check';
import { expect } from 'vitest';
import type { AdvisoryLine } from '../../../src/lib/journal/advisory-line.js';
import { describeError } from '../../../src/lib/cli/output/describe-error.js';
import { decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { escapeBlock, escapeJson, escapeLine } from '../../../src/lib/domain/escape.js';
import type { DeadLetterItem } from '../../../src/lib/dlq/item.js';
import type { ReplayPlan } from '../../../src/lib/dlq/replay/plan-replay.js';
import type { DeadLetterDetails, HistoryRecord } from '../../../src/lib/dlq/show.js';
import { ConfigError, OperationError } from '../../../src/lib/errors.js';
import type { ConsumerState, Explanation } from '../../../src/lib/events/explain/explanation.js';
import { stepOf } from '../../../src/lib/events/explain/steps.js';
import { renderAdvisory } from '../../../src/lib/render/advisory.js';
import { type Colors, colorsFor } from '../../../src/lib/render/colors.js';
import { columnsOf } from '../../../src/lib/render/columns.js';
import { renderDeadLetter } from '../../../src/lib/render/dead-letter.js';
import { renderChoice, renderDeadLetters, renderGroups } from '../../../src/lib/render/dead-letters.js';
import { renderDeath } from '../../../src/lib/render/death.js';
import { renderExplanation } from '../../../src/lib/render/explanation.js';
import { outline } from '../../../src/lib/render/outline.js';
import { renderConsequences, renderPlan } from '../../../src/lib/render/topology-plan.js';
import { publishedText } from '../../../src/lib/render/published.js';
import { renderReplayPlan, renderReplayResult } from '../../../src/lib/render/replay-plan.js';
import { renderVerification } from '../../../src/lib/render/verification.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import type { Plan, PlannedChange } from '../../../src/lib/topology/plan.js';
import type { Verification } from '../../../src/lib/verify/verification.js';
import { makeConfig } from '../../support/config.js';
import { hostileText, mutated, oddJson, unprintable } from '../../support/hostile.js';
import { property } from '../../support/property.js';
import { exhaustion, isoTime } from '../domain/arbitraries.js';

const plain = colorsFor({ isTty: false, off: false });
const colored = colorsFor({ isTty: true, off: false });
const nowMs = Date.parse('2026-01-31T12:00:00Z');

/** Without colour nothing but text and line feeds; with colour the same, and whole codes of ours around it. */
function expectPrintable(render: (colors: Colors) => string): string {
  const text = render(plain);
  expect(text).not.toMatch(unprintable);
  expect(render(colored).replaceAll(/\u001b\[(?:\d{1,2})m/g, '')).toBe(text);
  return text;
}

const text = hostileText;
const width = fc.integer({ min: 20, max: 200 });
const count = fc.nat({ max: 1e6 });
const seq = fc.maxSafeNat();
const time = fc.oneof({ arbitrary: isoTime, weight: 3 }, text);
const rarely = fc.nat({ max: 30 }).map((n) => n === 30);
const optional = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one);

const line = fc.record<AdvisoryLine>({
  at: time,
  kind: fc.constantFrom('ROUTED', 'MALFORMED', 'MAX_DELIVERIES', 'ATTEMPT_FAILED'),
  source: fc.constantFrom('server', 'pipeline'),
  tier: optional(fc.constantFrom('business', 'meta')),
  stream: text,
  consumer: optional(text),
  seq,
  deliveries: optional(count),
  reason: optional(text),
  stage: optional(fc.constantFrom('main', 'retry', 'dlq')),
  cycle: optional(count),
  attempt: optional(count),
});

property(
  'a line of the journal is one line of the terminal',
  (): fc.IRawProperty<[AdvisoryLine, number]> =>
    fc.property(line, width, (line, width) => {
      const shown = (colors: Colors): string => renderAdvisory(line, { width, colors });
      const one = expectPrintable(shown);
      expect(one).not.toContain('\n');
      expect(columnsOf(one)).toBeLessThanOrEqual(width);
    }),
);

const item = fc.record<DeadLetterItem>(
  {
    id: text,
    consumer: text,
    stream: text,
    seq,
    subject: text,
    reason: text,
    fingerprint: text,
    attempts: fc.record({ main: count, retry: count }),
    cycle: count,
    deadAt: isoTime,
    group: text,
    name: text,
    code: fc.option(text, { nil: null }),
    status: fc.constantFrom('dead', 'archived'),
    archived: fc.record({ at: isoTime, operator: text, reason: optional(text), task: text }),
    original: fc.constantFrom('present', 'missing', 'replaced'),
    originalExpiresAt: optional(isoTime),
    kept: fc.boolean(),
    edited: fc.boolean(),
    supersededBy: optional(seq),
    resolvedLate: fc.constant(true),
  },
  {
    requiredKeys: [
      'id',
      'consumer',
      'stream',
      'seq',
      'subject',
      'reason',
      'fingerprint',
      'attempts',
      'cycle',
      'deadAt',
      'group',
      'name',
      'code',
      'status',
      'original',
      'originalExpiresAt',
      'kept',
      'edited',
      'supersededBy',
    ],
  },
);

property(
  'a line of the DLQ that is followed is one line of the terminal',
  (): fc.IRawProperty<[DeadLetterItem, number]> =>
    fc.property(item, width, (item, width) => {
      const one = expectPrintable((colors) => renderDeath(item, { width, colors, nowMs }));
      expect(one).not.toContain('\n');
      expect(columnsOf(one)).toBeLessThanOrEqual(width);
    }),
);

property('a list of dead letters has a line for each where there is room, and fits any terminal', () =>
  fc.property(fc.array(item, { minLength: 1, maxLength: 2 }), rarely, width, (items, many, width) => {
    // Beyond 200 rows another path lays them out.
    const rows = many
      ? Array.from({ length: 201 }, (_, i) => items[i % items.length] as DeadLetterItem)
      : items;
    const list = many
      ? renderDeadLetters(rows, { width, colors: plain, nowMs })
      : expectPrintable((colors) => renderDeadLetters(rows, { width, colors, nowMs }));
    expect(list).not.toMatch(unprintable);
    const lines = list.split('\n');
    // Where the columns that are never cut are too much, each is a few lines.
    const fixed = Math.max(...rows.map(({ id }) => columnsOf(escapeLine(id)))) + 90;
    if (width >= fixed) expect(lines).toHaveLength(rows.length + 1);
    // Nobody agrees about the width of these: not terminals, nor cli-table3, nor one Unicode version with the next.
    const isSure =
      !/[\u20e3\u3248-\u324f\u4dc0-\u4dff\u{1f000}-\u{1faff}]|\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(
        list,
      );
    for (const one of isSure ? lines : [])
      expect(columnsOf(one.replaceAll(/\p{M}/gu, ''))).toBeLessThanOrEqual(width);
    for (const one of items) {
      expect(renderChoice(one, { width, colors: plain, nowMs })).not.toMatch(/\n/);
      expect(renderChoice(one, { width, colors: plain, nowMs })).not.toMatch(unprintable);
    }
  }),
);

property('groups of dead letters have a line each where there is room', () => {
  const group = fc.record({ key: text, count, firstDeadAt: isoTime, lastDeadAt: isoTime, sample: text });
  return fc.property(fc.array(group, { maxLength: 2 }), width, (groups, width) => {
    const shown = expectPrintable((colors) => renderGroups(groups, 'reason', { width, colors, nowMs }));
    if (groups.length > 0) expect(shown.split('\n').length).toBeGreaterThan(groups.length);
    const whole = renderGroups(groups, 'reason', { width: Number.POSITIVE_INFINITY, colors: plain, nowMs });
    expect(whole.split('\n')).toHaveLength(groups.length + 1);
  });
});

/** What a reader of the journal takes for a record, whatever else stands in it. */
const records: fc.Arbitrary<HistoryRecord[]> = fc.array(mutated(exhaustion), { maxLength: 4 }).map((all) =>
  all.flatMap((value, i) => {
    const decoded = decodeRecord(Buffer.from(JSON.stringify(value)));
    return decoded.ok ? [{ ...decoded.value, journalSeq: i + 1 }] : [];
  }),
);

const content = fc.oneof(
  oddJson.map((data) => ({ data, text: JSON.stringify(data), encoding: 'json' as const })),
  fc.record({
    data: text,
    text: fc.constant(null),
    encoding: fc.constantFrom('utf8' as const, 'base64' as const),
  }),
);
const headers = fc.dictionary(text, fc.array(text, { maxLength: 2 }), { maxKeys: 3 });

property('a dead letter with its event and history', ['history'], (seen) => {
  const event = fc
    .tuple(content, headers, text, isoTime)
    .map(([content, headers, subject, time]) => ({ ...content, headers, subject, time }));
  const embedded = fc.dictionary(text, oddJson, { maxKeys: 3 });
  return fc.property(item, optional(event), records, embedded, (item, event, history, embedded) => {
    if (history.length > 0) seen('history');
    const decided = { note: item.reason, assignee: item.id, incident: item.code };
    const details: DeadLetterDetails = { ...item, decided, event, history, embedded };
    expectPrintable((colors) => renderDeadLetter(details, { width: 80, colors, nowMs }));
  });
});

const states: readonly ConsumerState[] = ['dead', 'parked', 'resolved', 'unknown', 'no-trace'];
const facts = fc.record({ stream: text, seq, subject: text, id: optional(text), time: isoTime });

property('the life of an event', () => {
  const stored = fc.tuple(facts, content, headers, count).map(([facts, content, headers, bytes]) => ({
    ...facts,
    headers: 1,
    bytes,
    expiresAt: null,
    content: { ...content, headers },
  }));
  const told = fc.tuple(text, fc.constantFrom(...states), optional(text), records);
  const story = told.map(([consumer, state, note, records]) => ({
    consumer,
    state,
    note,
    history: records.map(({ journalSeq, ...record }) => stepOf({ journalSeq, record }, undefined)),
  }));
  const explanation = fc.record<Explanation>({
    event: optional(stored),
    origin: facts,
    original: fc.constantFrom('present', 'missing', 'replaced'),
    kept: fc.boolean(),
    consumers: fc.array(story, { maxLength: 3 }),
    next: fc.array(fc.record({ consumer: optional(text), at: optional(time), text }), { maxLength: 2 }),
    scanned: optional(fc.record({ events: count, firstSeq: seq, lastSeq: seq })),
  });
  return fc.property(explanation, (explanation) => {
    expectPrintable((colors) => renderExplanation(explanation, { width: 80, colors, nowMs }));
  });
});

property('a plan of pipeline apply', () => {
  const value = fc.oneof(text, count, fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 }));
  const path = fc.oneof(fc.constantFrom('subjects', 'max_age', 'metadata.x', 'max_bytes', 'backoff'), text);
  const change = fc
    .record({
      action: fc.constantFrom('create', 'update', 'replace', 'orphan'),
      kind: fc.constantFrom('stream', 'consumer'),
      name: text,
      stream: text,
      fields: fc.array(fc.record({ path, from: value, to: value }), { maxLength: 3 }),
      names: fc.array(text, { maxLength: 2 }),
    })
    .map(({ names, ...rest }) => ({ ...rest, consequences: [{ what: 'consumers-lost', names }] }));
  const desired = desiredTopology(makeConfig());
  return fc.property(fc.array(change, { maxLength: 3 }), text, text, (changes, pipeline, server) => {
    const plan: Plan = {
      pipeline,
      server,
      desired,
      changes: changes as PlannedChange[],
      conflicts: [],
      needsConfirmation: false,
    };
    expectPrintable((colors) => renderPlan(plan, colors));
    for (const one of renderConsequences(plan)) expect(one).not.toMatch(unprintable);
  });
});

property('a plan of dlq replay, and its result', () => {
  const counts = fc.array(fc.record({ name: text, count }), { maxLength: 7 });
  const skipped = fc.array(fc.record({ id: text, reason: text }), { maxLength: 22 });
  const plan = fc.record<ReplayPlan>({
    pipeline: text,
    server: text,
    items: fc.constant([]),
    skipped,
    consumers: counts,
    reasons: counts,
    groups: fc.constant([]),
    kinds: fc.constant([]),
    oldestDeadAt: optional(isoTime),
    newestDeadAt: optional(isoTime),
    missing: count,
    replaced: count,
    superseded: count,
    unknown: fc.array(text, { maxLength: 2 }),
    notRunning: fc.array(text, { maxLength: 2 }),
    heldUp: fc.array(fc.record({ consumer: text, why: text }), { maxLength: 2 }),
  });
  return fc.property(plan, width, (plan, width) => {
    expectPrintable((colors) => renderReplayPlan(plan, { width, colors, nowMs }));
    const none = { resolved: 0, deadAgain: 0, pending: 0, replayed: 0 };
    const stopped = { step: 1, reason: plan.server };
    const task = { task: 'x', name: plan.pipeline, state: 'stopped' as const, steps: [], stopped };
    const result = { ...task, selected: 1, skipped: plan.skipped, ...none };
    expectPrintable((colors) => renderReplayResult(result, true, colors));
  });
});

property('what pipeline verify found', () => {
  const problem = fc.record({
    kind: fc.constantFrom('not-routed' as const, 'drift' as const),
    id: text,
    consumer: text,
    stream: text,
    detail: text,
    repairable: fc.boolean(),
  });
  const found = fc.record<Verification>({
    pipeline: text,
    server: text,
    ok: fc.boolean(),
    checked: fc.record({
      records: count,
      exhaustions: count,
      pointers: count,
      deadLetters: count,
      archived: count,
      originals: count,
      inFlight: count,
    }),
    problems: fc.array(problem, { maxLength: 3 }),
    warnings: fc.array(fc.record({ kind: fc.constant('behind' as const), detail: text }), { maxLength: 2 }),
    waiting: fc.array(
      fc.record({ consumer: text, stream: text, notDelivered: count, unacknowledged: count }),
      {
        maxLength: 2,
      },
    ),
    repaired: fc.array(fc.record({ kind: fc.constant('drift' as const), id: text, detail: text }), {
      maxLength: 2,
    }),
  });
  return fc.property(found, (found) => {
    expectPrintable((colors) => renderVerification(found, { colors, width: 80 }));
  });
});

property('what was published', () =>
  fc.property(text, text, fc.boolean(), (subject, msgId, duplicate) => {
    const result = { stream: 'events', seq: 1, duplicate, msgId };
    expect(publishedText(subject, result, '127.0.0.1:1')).not.toMatch(/\n/);
    expect(publishedText(subject, result, '127.0.0.1:1')).not.toMatch(unprintable);
  }),
);

property('a value as an outline', () =>
  fc.property(fc.dictionary(text, oddJson, { maxKeys: 4 }), (value) => {
    expect(outline(value)).not.toMatch(unprintable);
  }),
);

property('an error, its problems and its suggestions', () =>
  fc.property(
    text,
    fc.array(text, { maxLength: 3 }),
    fc.constantFrom(0, 1, 2),
    (message, suggestions, kind) => {
      const problems = suggestions.map((path) => ({ path, message }));
      const error = [
        new OperationError(message, { suggestions }),
        new ConfigError(message, problems, { suggestions }),
        Object.assign(new Error(message), { oclif: {} }),
      ][kind] as Error;
      const { code: _, exitCode: __, ...told } = describeError(error);
      expect(told.message).not.toMatch(unprintable);
      for (const one of told.suggestions) expect(one).not.toMatch(unprintable);
    },
  ),
);

property('JSON for a terminal parses to the same value', ['escaped'], (seen) =>
  fc.property(
    fc.oneof(oddJson, fc.dictionary(text, oddJson)),
    fc.constantFrom(undefined, 2),
    (value, indent) => {
      const json = JSON.stringify(value, undefined, indent);
      const safe = escapeJson(json);
      if (safe !== json) seen('escaped');
      expect(safe).not.toMatch(unprintable);
      expect(JSON.stringify(JSON.parse(safe))).toBe(JSON.stringify(value));
    },
  ),
);

property('text is escaped once: twice changes nothing, and parts are escaped as the whole', () =>
  fc.property(text, text, (a, b) => {
    expect(escapeLine(a)).not.toMatch(/\n/);
    expect(escapeLine(a)).not.toMatch(unprintable);
    expect(escapeLine(escapeLine(a))).toBe(escapeLine(a));
    expect(escapeBlock(`${a}\n${b}`)).toBe(`${escapeBlock(a)}\n${escapeBlock(b)}`);
  }),
);
