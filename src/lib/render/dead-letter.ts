import { escapeBlock, escapeLine } from '../domain/escape.js';
import { attemptOf, errorOf } from '../domain/record.js';
import { recordReason } from '../domain/record-reason.js';
import type { DeadLetterDetails, EditedEvent, HistoryRecord, ShownEvent } from '../dlq/show.js';
import type { Colors } from './colors.js';
import type { View } from './dead-letters.js';
import { hanging, Repetitions } from './hanging.js';
import { kindColor } from './kind-color.js';
import { cutBlock, payloadMark, renderPayload } from './payload.js';
import { renderTime, renderWhen } from './time.js';

/** One dead letter as blocks: what it is, its event, and all that happened to it. */
export function renderDeadLetter(details: DeadLetterDetails, view: View): string {
  const { colors } = view;
  const blocks = [
    facts(details, view),
    details.editedEvent ? edited(details.editedEvent, colors) : undefined,
    details.event ? event(details.event, colors, details.editedEvent ? 'original' : 'event') : undefined,
    details.embedded ? titled('could not be routed', json(details.embedded), colors) : undefined,
    details.history.length > 0 ? history(details.history, view) : undefined,
    lastStack(details.history, colors),
  ];
  return blocks.filter((block) => block !== undefined).join('\n\n');
}

/** Where the values of the facts begin: two columns, a name, two columns. */
const factsIndent = 15;

function facts(item: DeadLetterDetails, { colors, nowMs, width }: View): string {
  const { attempts, cycle } = item;
  const replays = cycle === 0 ? '' : `, after ${cycle} ${cycle === 1 ? 'replay' : 'replays'}`;
  const rows: [string, string][] = [
    ['reason', colors.red(hanging(factsIndent, escapeLine(item.reason), width))],
    ['died', `${renderTime(item.deadAt)} UTC, ${renderWhen(item.deadAt, nowMs)}`],
    ['attempts', `${attempts.main} main, ${attempts.retry} retry${replays}`],
    ['subject', hanging(factsIndent, escapeLine(item.subject), width)],
    ['original', `${escapeLine(item.stream)} ${item.seq}, ${original(item, colors, nowMs)}`],
    ['fingerprint', escapeLine(item.fingerprint)],
    ['group', escapeLine(item.group)],
    ...decisions(item, width),
  ];
  if (item.archived) {
    const { at, operator, reason } = item.archived;
    const why = reason === null ? '' : `: ${escapeLine(reason)}`;
    const text = `${renderTime(at)} UTC by ${escapeLine(operator)}${why}`;
    rows.unshift(['archived', colors.cyan(hanging(factsIndent, text, width))]);
  }
  if (item.supersededBy !== null) {
    const text = `${escapeLine(item.stream)} ${item.supersededBy} is newer, and ${escapeLine(item.consumer)} has processed it`;
    rows.unshift(['superseded', colors.yellow(hanging(factsIndent, text, width))]);
  }
  if (item.resolvedLate) {
    rows.unshift(['resolved', colors.green('late: its handler succeeded after the event had been given up')]);
  }
  const lines = rows.map(([name, value]) => `  ${colors.dim(name.padEnd(11))}  ${value}`);
  return [colors.bold(escapeLine(item.id)), ...lines].join('\n');
}

function decisions({ decided }: DeadLetterDetails, width: number): [string, string][] {
  if (!decided) return [];
  const { incident, assignee, note } = decided;
  const all = [
    ['incident', incident],
    ['assigned to', assignee],
    ['note', note],
  ] as const;
  return all.flatMap(([name, text]) =>
    text === null ? [] : [[name, hanging(factsIndent, escapeLine(text), width)] satisfies [string, string]],
  );
}

function original(item: DeadLetterDetails, colors: Colors, nowMs: number): string {
  if (item.original === 'missing') return colors.red('missing: it aged out or was deleted');
  if (item.original === 'replaced') return colors.red('replaced: its stream was recreated');
  if (item.kept) return 'gone from its stream, and kept';
  return item.originalExpiresAt === null
    ? 'present'
    : `present, expires ${renderWhen(item.originalExpiresAt, nowMs)}`;
}

const titledIndent = 2;

function titled(title: string, block: string, colors: Colors): string {
  return `${colors.bold(title)}\n${block.replace(/^/gm, ' '.repeat(titledIndent))}`;
}

/** What is handled next stands before what it was made from. */
function edited(shown: EditedEvent, colors: Colors): string {
  const { editedBy, editedAt, why, cycle } = shown;
  const by = [
    ...(editedAt === null ? [] : [` ${renderTime(escapeLine(editedAt))} UTC`]),
    ...(editedBy === null ? [] : [` by ${escapeLine(editedBy)}`]),
    ...(why === null ? [] : [`: ${escapeLine(why)}`]),
  ].join('');
  return content(`event, edited for cycle ${cycle}${by}`, shown, colors);
}

function event(shown: ShownEvent, colors: Colors, what: string): string {
  return content(`${what}, stored ${renderTime(shown.time)} UTC`, shown, colors);
}

function content(title: string, shown: ShownEvent, colors: Colors): string {
  const { headers } = shown;
  const names = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => `${colors.dim(`${escapeLine(name)}:`)} ${escapeLine(value)}`),
  );
  return titled(`${title}${payloadMark(shown)}`, [...names, renderPayload(shown)].join('\n'), colors);
}

function json(value: unknown): string {
  return cutBlock(escapeBlock(JSON.stringify(value, undefined, 2)));
}

function history(records: readonly HistoryRecord[], { colors, width }: View): string {
  const repetitions = new Repetitions();
  const widest = records.reduce((width, { kind }) => Math.max(width, kind.length), 0);
  const lines = records.map((record) => {
    const { at, kind, stage, cycle } = record;
    const attempt = attemptOf(record);
    const where = cycle === 0 ? stage : `${stage}/${cycle}`;
    const what = kindColor(kind, colors)(escapeLine(kind.padEnd(widest)));
    const which = attempt === undefined ? '' : String(attempt);
    const reason = repetitions.shown(escapeLine(recordReason(record) ?? ''));
    const time = renderTime(escapeLine(at));
    const before = [time, where.padEnd(7), ''.padEnd(widest), which.padStart(2), ''].join('  ').length;
    const text = hanging(before, reason, width - titledIndent);
    return `${time}  ${where.padEnd(7)}  ${what}  ${which.padStart(2)}  ${text}`.replaceAll(/ +$/gm, '');
  });
  return titled('history (UTC)', lines.join('\n'), colors);
}

function lastStack(records: readonly HistoryRecord[], colors: Colors): string | undefined {
  const stack = records.map((record) => errorOf(record)?.stack).findLast((one) => typeof one === 'string');
  return stack === undefined
    ? undefined
    : titled('last error', colors.dim(cutBlock(escapeBlock(stack))), colors);
}
