import type { Operation } from '../report/operation.js';
import type { DeadLetterReport, ReportGroup } from '../report/make-report.js';
import { type OutcomeName, outcomeNames } from '../report/outcome.js';
import { whatOf } from './groups.js';
import { type MarkdownColumn, markdownTable, markdownText } from './markdown.js';
import { consumersOf } from './operations.js';
import { renderTime } from './time.js';

const mostGroups = 20;
const mostOperations = 50;

const outcomeTexts: Readonly<Record<OutcomeName, string>> = {
  resolved: 'resolved',
  deadAgain: 'dead again',
  stillDead: 'still dead',
  pending: 'replayed, outcome not known yet',
  discarded: 'discarded',
  archived: 'archived',
  moved: 'moved to another consumer',
};

/** The report as a page of Markdown. */
export function renderReport(report: DeadLetterReport): string {
  return [
    `# ${titleOf(report)}`,
    summaryOf(report),
    facts(report),
    '## What died',
    died(report),
    '## What was done',
    done(report.operations),
    '## What came of it',
    outcomes(report),
  ].join('\n\n');
}

function titleOf({ pipeline, task, since, until }: DeadLetterReport): string {
  const name = markdownText(pipeline);
  if (task !== null) return `Dead letters of ${name}: task ${markdownText(task)}`;
  return `Dead letters of ${name}, ${renderTime(since ?? '')} to ${renderTime(until)} UTC`;
}

function summaryOf({ letters, groups, outcome }: DeadLetterReport): string {
  if (letters === 0) return 'Nothing died, and nothing was done.';
  const found = outcomeNames.filter((name) => outcome[name] > 0);
  const parts = found.map((name) => `${outcome[name]} ${outcomeTexts[name]}`);
  return `${counted(letters, 'dead letter')} of ${counted(groups.length, 'cause')}: ${parts.join(', ')}.`;
}

function facts(report: DeadLetterReport): string {
  const times: [string, string | null][] = [
    ['first death (UTC)', report.firstDiedAt],
    ['last death (UTC)', report.lastDiedAt],
    ['first action (UTC)', report.firstDoneAt],
    ['last resolved (UTC)', report.lastResolvedAt],
  ];
  const rows = times.map(([name, at]) => [name, at === null ? '' : renderTime(at)]);
  return markdownTable(
    [{ title: 'what' }, { title: 'when or where' }],
    [['server', report.server], ...rows.filter(([, at]) => at !== '')],
  );
}

function died({ groups, diedBefore, since }: DeadLetterReport): string {
  const shown = groups.slice(0, mostGroups);
  const columns: MarkdownColumn[] = [
    { title: 'dead letters', align: 'right' },
    { title: 'consumer' },
    { title: 'cause' },
    { title: 'first (UTC)' },
    { title: 'last (UTC)' },
    { title: 'group' },
    { title: 'what came of it' },
  ];
  const rows = shown.map((group) => [
    deathsOf(group),
    group.consumer,
    whatOf({ ...group, shapes: 1 }),
    renderTime(group.firstDiedAt),
    renderTime(group.lastDiedAt),
    group.id,
    outcomeNames
      .filter((name) => group.outcome[name] > 0)
      .map((name) => `${group.outcome[name]} ${outcomeTexts[name]}`)
      .join(', '),
  ]);
  const before = since === null ? 'before the oldest record of the journal' : 'before that';
  return [
    shown.length === 0 ? 'Nothing.' : markdownTable(columns, rows),
    ...(groups.length > shown.length ? [`And ${counted(groups.length - shown.length, 'more cause')}.`] : []),
    ...(diedBefore > 0 ? [`${counted(diedBefore, 'dead letter')} died ${before}.`] : []),
  ].join('\n\n');
}

/** One that died again counts once, and it says so. */
function deathsOf({ letters, deaths }: ReportGroup): string {
  return deaths > letters ? `${letters} (died ${deaths} times)` : String(letters);
}

function done(operations: readonly Operation[]): string {
  if (operations.length === 0) return 'Nothing.';
  const shown = operations.slice(-mostOperations);
  const columns: MarkdownColumn[] = [
    { title: 'when (UTC)' },
    { title: 'who' },
    { title: 'did' },
    { title: 'dead letters', align: 'right' },
    { title: 'consumers' },
    { title: 'task or group' },
    { title: 'why' },
  ];
  const rows = shown.map((one) => [
    renderTime(one.at),
    one.operator ?? 'unknown',
    one.did,
    one.count === null ? '' : String(one.count),
    consumersOf(one),
    one.task ?? one.group ?? '',
    one.note ?? '',
  ]);
  const table = markdownTable(columns, rows);
  const before = operations.length - shown.length;
  return before > 0 ? `${table}\n\nAnd ${counted(before, 'operation')} before these.` : table;
}

function outcomes({ outcome }: DeadLetterReport): string {
  const rows = outcomeNames
    .filter((name) => outcome[name] > 0)
    .map((name) => [outcomeTexts[name], String(outcome[name])]);
  if (rows.length === 0) return 'Nothing.';
  return markdownTable([{ title: 'outcome' }, { title: 'dead letters', align: 'right' }], rows);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
