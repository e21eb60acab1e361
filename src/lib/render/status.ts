import { escapeLine } from '../domain/escape.js';
import type { ConsumerStatus, PipelineStatus, StreamStatus } from '../status/pipeline-status.js';
import { orUnknown, renderRate, renderSize } from './amount.js';
import { clipColumns } from './columns.js';
import type { View } from './dead-letters.js';
import { renderSparkline } from './sparkline.js';
import { type Column, type TableLines, tableLines } from './table.js';
import { renderWhen } from './time.js';

/** Narrower terminals have room for the most important columns only. */
const widthForAll = 72;
const widthForMore = 100;
const sparkWidth = 8;
const indent = '  ';

/** What was seen at earlier looks, by consumer and stage; the oldest first. */
export type Seen = (consumer: ConsumerStatus) => readonly number[];

/** Streams, consumers with something to do, retries and the DLQ. `seen`: with a line of what waited at each look. */
export function renderStatus(status: PipelineStatus, view: View, seen?: Seen): string {
  return [
    renderStreams(status.streams, view),
    '',
    renderConsumers(status.consumers, view, seen),
    '',
    ...summary(status, view).map((line) => clipColumns(line, view.width)),
  ].join('\n');
}

function renderStreams(streams: readonly StreamStatus[], view: View): string {
  const { width, nowMs } = view;
  const all = width >= widthForAll;
  const columns: Column[] = [
    { title: 'STREAM', flexible: true },
    { title: 'MESSAGES', align: 'right' },
    { title: 'SIZE', align: 'right' },
    ...(all
      ? ([
          { title: 'LIMIT', align: 'right' },
          { title: 'USED', align: 'right' },
          { title: 'GROWTH/H', align: 'right' },
          { title: 'OLDEST', align: 'right' },
        ] as const)
      : []),
  ];
  const rows = streams.map(({ name, messages, bytes, limit, used, growthPerHour, oldestAt }) => [
    name,
    orUnknown(messages),
    orUnknown(bytes, renderSize),
    ...(all
      ? [
          orUnknown(limit, renderSize),
          orUnknown(used, (part) => `${Math.floor(part * 100)}%`),
          orUnknown(growthPerHour, renderSize),
          orUnknown(oldestAt, (at) => renderWhen(at, nowMs)),
        ]
      : []),
  ]);
  return withProblems(streams, tableLines(columns, rows, view), view);
}

function renderConsumers(consumers: readonly ConsumerStatus[], view: View, seen: Seen | undefined): string {
  const { width, nowMs } = view;
  const shown = consumers.filter(isShown);
  const [all, more] = [width >= widthForAll, width >= widthForMore];
  const columns: Column[] = [
    { title: 'CONSUMER', flexible: true },
    { title: 'STAGE' },
    { title: 'WAITING', align: 'right' },
    { title: 'IN HAND', align: 'right' },
    ...(more ? [{ title: 'AGAIN', align: 'right' } as const] : []),
    ...(all
      ? ([
          { title: 'OLDEST', align: 'right' },
          { title: 'PER S', align: 'right' },
          { title: 'ASKING', align: 'right' },
        ] as const)
      : []),
    ...(all && seen ? [{ title: 'WAITED' }] : []),
  ];
  const rows = shown.map((one) => [
    one.name,
    one.stage,
    orUnknown(one.pending),
    orUnknown(one.ackPending),
    ...(more ? [orUnknown(one.redelivered)] : []),
    ...(all
      ? [
          orUnknown(one.oldestAt, (at) => renderWhen(at, nowMs)),
          orUnknown(one.perSecond, renderRate),
          orUnknown(one.waiting),
        ]
      : []),
    ...(all && seen ? [renderSparkline(seen(one).slice(-sparkWidth)).padStart(sparkWidth)] : []),
  ]);
  const table = withProblems(shown, tableLines(columns, rows, view), view);
  const hidden = consumers.length - shown.length;
  if (hidden === 0) return table;
  const text = `${hidden} more stage${hidden === 1 ? ' has' : 's have'} nothing to do`;
  return `${table}\n${view.colors.dim(clipColumns(text, width))}`;
}

/** The first stage of each always; the others when there is something to say. */
function isShown({ name, stage, pending, ackPending, problem }: ConsumerStatus): boolean {
  if (problem !== null || (pending ?? 0) + (ackPending ?? 0) > 0) return true;
  return stage === 'main' && name !== 'meta-consumer';
}

/** What is wrong stands below what it is about. */
function withProblems(
  items: readonly { readonly problem: string | null }[],
  { titles, rows: lines }: TableLines,
  { colors, width }: View,
): string {
  return [
    ...(titles === undefined ? [] : [titles]),
    ...lines.flatMap((line, at) => {
      const problem = items[at]?.problem ?? null;
      if (problem === null) return [line];
      return [line, colors.yellow(clipColumns(`${indent}${escapeLine(problem)}`, width))];
    }),
  ].join('\n');
}

function summary({ retry, dlq }: PipelineStatus, { nowMs }: View): string[] {
  const when = (iso: string): string => renderWhen(iso, nowMs);
  const due = retry.nextDueAt === null ? '' : `, first due ${when(retry.nextDueAt)}`;
  const groups =
    dlq.groups === null || dlq.dead === 0 ? '' : ` in ${dlq.groups} group${dlq.groups === 1 ? '' : 's'}`;
  const oldest = dlq.oldestAt === null ? '' : `, oldest ${when(dlq.oldestAt)}`;
  return [
    `retry  ${orUnknown(retry.waiting)} waiting${due}`,
    `dlq    ${orUnknown(dlq.dead)} dead${groups}${oldest}`,
    `       ${orUnknown(dlq.archived)} archived, ${orUnknown(dlq.expiring)} about to expire`,
  ];
}
