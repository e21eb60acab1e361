import { escapeLine } from '../domain/escape.js';
import type { ConsumerMetrics, PipelineMetrics } from '../status/metrics/pipeline-metrics.js';
import { orUnknown, renderRate, renderSize } from './amount.js';
import { clipColumns } from './columns.js';
import type { View } from './dead-letters.js';
import { type Column, renderTable } from './table.js';

/** Narrower terminals have no room for how long handlers took. */
const widthForAll = 60;

/** Rates by event type, by consumer, and the growth of streams. */
export function renderMetrics(metrics: PipelineMetrics, view: View): string {
  const { pipeline, server, over } = metrics;
  const title = escapeLine(`${pipeline} on ${server}, over ${(over / 1000).toFixed(1)} s`);
  return [
    view.colors.bold(clipColumns(title, view.width)),
    '',
    renderTypes(metrics, view),
    '',
    renderConsumers(metrics.consumers, view),
    '',
    renderStreams(metrics, view),
  ].join('\n');
}

function renderTypes({ types }: PipelineMetrics, view: View): string {
  const columns: Column[] = [
    { title: 'EVENT', flexible: true },
    { title: 'PER S', align: 'right' },
  ];
  const rows = types.map(({ type, perSecond }) => [type ?? '(other)', orUnknown(perSecond, renderRate)]);
  return renderTable(columns, rows, view);
}

/** The first stage of each always, the others where something happened. */
function renderConsumers(consumers: readonly ConsumerMetrics[], view: View): string {
  const all = view.width >= widthForAll;
  const columns: Column[] = [
    { title: 'CONSUMER', flexible: true },
    { title: 'STAGE' },
    { title: 'PER S', align: 'right' },
    { title: 'OK', align: 'right' },
    ...(all ? [{ title: 'HANDLER', align: 'right' } as const] : []),
  ];
  const rows = consumers
    .filter(
      ({ name, stage, perSecond }) => (stage === 'main' && name !== 'meta-consumer') || (perSecond ?? 0) > 0,
    )
    .map(({ name, stage, perSecond, ackRatio, handlerMs }) => [
      name,
      stage,
      orUnknown(perSecond, renderRate),
      orUnknown(ackRatio, (part) => `${Number((part * 100).toPrecision(3))}%`),
      ...(all ? [orUnknown(handlerMs, (ms) => `${ms}ms`)] : []),
    ]);
  return renderTable(columns, rows, view);
}

function renderStreams({ streams }: PipelineMetrics, view: View): string {
  const columns: Column[] = [
    { title: 'STREAM', flexible: true },
    { title: 'GROWTH/H', align: 'right' },
  ];
  const rows = streams.map(({ name, bytesPerHour }) => [name, orUnknown(bytesPerHour, renderSize)]);
  return renderTable(columns, rows, view);
}
