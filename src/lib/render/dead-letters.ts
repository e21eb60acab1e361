import { escapeLine } from '../domain/escape.js';
import { clipColumns } from './columns.js';
import type { DeadLetterGroup, Grouping } from '../dlq/group.js';
import type { DeadLetterItem } from '../dlq/item.js';
import type { Colors } from './colors.js';
import { type Column, renderTable } from './table.js';
import { renderWhen } from './time.js';

export interface View {
  /** Width of the terminal in columns. */
  readonly width: number;
  readonly colors: Colors;
  /** ms since 1970. */
  readonly nowMs: number;
}

/** Narrower terminals have no room for the subject. */
const widthForSubject = 110;

/** One dead letter a line, oldest first. */
export function renderDeadLetters(items: readonly DeadLetterItem[], view: View): string {
  const { colors, width, nowMs } = view;
  const withSubject = width >= widthForSubject;
  // Which replay has not helped is worth a column only where there was one.
  const withCycle = items.some(({ cycle }) => cycle > 0);
  // Where all are in one place, that was asked for.
  const withStatus = new Set(items.map(({ status }) => status)).size > 1;
  const columns: Column[] = [
    { title: 'ID', paint: (text) => colors.bold(text) },
    ...(withStatus ? [{ title: 'STATUS' }] : []),
    { title: 'DIED', align: 'right' },
    { title: 'TRIES', align: 'right' },
    ...(withCycle ? [{ title: 'CYCLE', align: 'right', paint: paintCycle(colors) } as const] : []),
    { title: 'ORIGINAL', paint: (text, row) => paintOriginal(items[row], text, colors) },
    ...(withSubject ? [{ title: 'SUBJECT', flexible: true }] : []),
    { title: 'REASON', flexible: true },
  ];
  const rows = items.map((item) => [
    item.id,
    ...(withStatus ? [item.status] : []),
    renderWhen(item.deadAt, nowMs),
    `${item.attempts.main}+${item.attempts.retry}`,
    ...(withCycle ? [String(item.cycle)] : []),
    originalCell(item, nowMs),
    ...(withSubject ? [item.subject] : []),
    item.reason,
  ]);
  return renderTable(columns, rows, { width, colors });
}

/** A dead letter as one line to choose from. */
export function renderChoice(item: DeadLetterItem, { width, nowMs }: View): string {
  const text = escapeLine(
    `${item.id}  ${renderWhen(item.deadAt, nowMs)}  ${originalNote(item)}${item.reason}`,
  );
  // The pointer and the box of the prompt stand before it.
  return clipColumns(text, Math.max(20, width - 6));
}

function originalNote({ original, resolvedLate, cycle, supersededBy }: DeadLetterItem): string {
  if (resolvedLate) return '[resolved late] ';
  if (supersededBy !== null) return '[superseded] ';
  if (original !== 'present') return `[original ${original}] `;
  return cycle === 0 ? '' : `[dead again, cycle ${cycle}] `;
}

function paintCycle(colors: Colors): (text: string) => string {
  return (text) => (text === '0' ? text : colors.yellow(text));
}

function originalCell(item: DeadLetterItem, nowMs: number): string {
  if (item.resolvedLate) return 'resolved late';
  if (item.supersededBy !== null) return 'superseded';
  if (item.kept) return 'kept';
  if (item.original !== 'present' || item.originalExpiresAt === null) return item.original;
  return `expires ${renderWhen(item.originalExpiresAt, nowMs)}`;
}

function paintOriginal(item: DeadLetterItem | undefined, text: string, colors: Colors): string {
  if (item?.resolvedLate) return colors.green(text);
  return item?.original === 'present' ? text : colors.red(text);
}

/** One group a line, the largest first. */
export function renderGroups(groups: readonly DeadLetterGroup[], by: Grouping, view: View): string {
  const { colors, width, nowMs } = view;
  const columns: Column[] = [
    { title: 'COUNT', align: 'right', paint: (text) => colors.bold(text) },
    { title: by.toUpperCase(), flexible: true },
    { title: 'FIRST', align: 'right' },
    { title: 'LAST', align: 'right' },
    { title: 'SAMPLE' },
  ];
  const rows = groups.map(({ count, key, firstDeadAt, lastDeadAt, sample, shapes = 1 }) => [
    String(count),
    // First, since the end of a line is cut.
    shapes > 1 ? `(${shapes} shapes) ${key}` : key,
    renderWhen(firstDeadAt, nowMs),
    renderWhen(lastDeadAt, nowMs),
    sample,
  ]);
  return renderTable(columns, rows, { width, colors });
}
