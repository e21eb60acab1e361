import type { GroupState } from '../dlq/groups/change-group.js';
import type { Group, GroupList } from '../dlq/groups/list-groups.js';
import type { GroupDecision } from '../domain/group-decision.js';
import type { GroupStatus } from '../domain/group-status.js';
import { escapeLine } from '../domain/escape.js';
import type { Colors } from './colors.js';
import { clipColumns } from './columns.js';
import type { View } from './dead-letters.js';
import { renderSparkline } from './sparkline.js';
import { type Column, tableLines } from './table.js';
import { renderTime, renderWhen } from './time.js';

/** Narrower terminals have room for half of it. */
const widthForWholeLine = 100;
const indent = '  ';

/** Two lines a group, the largest first: its counts; its consumer and what its messages have in common. A third one says what was decided. */
export function renderGroupList(groups: readonly Group[], view: View): string {
  const { colors, width, nowMs } = view;
  const columns: Column[] = [
    { title: 'COUNT', align: 'right', paint: (text) => colors.bold(text) },
    { title: 'STATUS', paint: (text, row) => paintStatus(groups[row]?.status, text, colors) },
    { title: 'GROUP', paint: (text) => colors.cyan(text) },
    { title: 'FIRST TO NOW' },
    { title: 'FIRST', align: 'right' },
    { title: 'LAST', align: 'right' },
    { title: 'EXPIRES', align: 'right' },
  ];
  const lineWidth = width >= widthForWholeLine ? 24 : 12;
  const rows = groups.map(({ count, status, id, counts, firstDeadAt, lastDeadAt, expiresAt }) => [
    String(count),
    status,
    id,
    renderSparkline(counts, lineWidth),
    renderWhen(firstDeadAt, nowMs),
    renderWhen(lastDeadAt, nowMs),
    expiresAt === null ? '-' : renderWhen(expiresAt, nowMs),
  ]);
  const { titles, rows: lines } = tableLines(columns, rows, { width, colors });
  const blocks = groups.map((group, at) => [lines[at] ?? '', ...below(group, view)].join('\n'));
  return [...(titles === undefined ? [] : [titles]), ...blocks].join('\n');
}

function below(group: Group, { colors, width }: View): string[] {
  const line = (text: string): string => clipColumns(`${indent}${escapeLine(text)}`, width);
  const decided = decisions(group);
  return [
    line(`${group.consumer}  ${whatOf(group)}`),
    ...(decided === '' ? [] : [colors.dim(line(decided))]),
  ];
}

/** A group as one line to choose from. */
export function renderGroupChoice(group: Group, { width }: View): string {
  const status = group.status === 'open' ? '' : `[${group.status}] `;
  const text = escapeLine(`${group.count} × ${status}${group.consumer}  ${whatOf(group)}`);
  // The pointer and the box of the prompt stand before it.
  return clipColumns(text, Math.max(20, width - 6));
}

/** What the failures of a group have in common, on one line. */
export function whatOf({
  name,
  code,
  shape,
  shapes,
}: Pick<Group, 'name' | 'code' | 'shape' | 'shapes'>): string {
  const many = shapes > 1 ? `(${shapes} shapes) ` : '';
  const saysCode = code === null || shape.includes(code.toLowerCase()) ? '' : ` ${code}`;
  return `${many}${name}${saysCode}: ${shape}`;
}

function decisions({
  assignee,
  incident,
  mutedUntil,
  note,
}: Pick<Group, 'assignee' | 'incident' | 'mutedUntil' | 'note'>): string {
  return [
    ...(incident === null ? [] : [incident]),
    ...(assignee === null ? [] : [`assigned to ${assignee}`]),
    ...(mutedUntil === null ? [] : [`muted until ${renderUntil(mutedUntil)}`]),
    ...(note === null ? [] : [note]),
  ].join('; ');
}

/** `100 more`, `the next apply`, or a time. */
export function renderUntil(until: string): string {
  if (until === 'deploy') return 'the next pipeline apply';
  return until.endsWith('x') ? `${until.slice(0, -1)} more` : `${renderTime(until)} UTC`;
}

function paintStatus(status: GroupStatus | undefined, text: string, colors: Colors): string {
  switch (status) {
    case 'new':
      return colors.yellow(text);
    case 'back':
      return colors.red(text);
    case 'muted':
      return colors.dim(text);
    default:
      return text;
  }
}

/** `20 of 57 groups, 1000 dead letters`. */
export function renderGroupCount({ total, shown, letters }: GroupList): string {
  const groups = total === 1 ? '1 group' : `${total} groups`;
  const dead = letters === 1 ? '1 dead letter' : `${letters} dead letters`;
  return `${shown < total ? `${shown} of ` : ''}${groups}, ${dead}`;
}

/** What a command does about a group, on one line: `would keep` without doing it, `keeping` once nobody can say no. */
export function renderDecision(
  doing: 'would keep' | 'Keep' | 'keeping',
  group: GroupState,
  decision: GroupDecision,
  about: { readonly server: string; readonly incident: string | undefined },
): string {
  const { server, incident } = about;
  const what = [inWords(decision), ...(incident === undefined ? [] : [`incident ${incident}`])].join('; ');
  const of = `${group.count} of ${group.consumer}`;
  return escapeLine(`${doing} about group ${group.id} (${of}) on ${server}: ${what}`);
}

function inWords(decision: GroupDecision): string {
  switch (decision.do) {
    case 'ack':
      return 'acknowledged';
    case 'mute':
      return `muted until ${renderUntil(decision.until)}`;
    case 'assign':
      return decision.to === null ? 'assigned to nobody' : `assigned to ${decision.to}`;
    case 'unmute':
      return 'not muted';
    default:
      return decision.text === null ? 'no note' : `note: ${decision.text}`;
  }
}

/** Where a group stands: its status, what it is, and what was decided. */
export function renderGroupState(group: GroupState, { colors, width }: View): string {
  const line = (text: string): string => clipColumns(`${indent}${escapeLine(text)}`, width);
  const decided = decisions(group);
  const { id, status, count, consumer } = group;
  const counted = count === 1 ? '1 dead letter' : `${count} dead letters`;
  return [
    `${colors.bold(id)}  ${status === 'resolved' ? status : paintStatus(status, status, colors)}, ${counted}`,
    line(`${consumer}  ${whatOf({ ...group, shapes: 1 })}`),
    ...(decided === '' ? [] : [line(decided)]),
  ].join('\n');
}
