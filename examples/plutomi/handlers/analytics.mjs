// Writes events as rows, a batch at a time: to ClickHouse (CLICKHOUSE_URL), or else to a local file.
import { appendFile } from 'node:fs/promises';

const store = process.env.CLICKHOUSE_URL
  ? await insertInto(process.env.CLICKHOUSE_URL, process.env.CLICKHOUSE_TABLE ?? 'plutomi_events')
  : appendTo(process.env.ANALYTICS_FILE ?? 'analytics.ndjson');

export default async function analytics(events, context) {
  const rows = events.map((event) => ({
    event_id: event.id ?? context.attemptOf(event).idempotencyKey,
    type: event.type,
    time: event.time.toISOString(),
    data: JSON.stringify(event.data),
  }));
  await store(rows, context.signal);
}

function appendTo(file) {
  return (rows) => appendFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** A row that comes twice has the same sorting key: ReplacingMergeTree keeps one. */
async function insertInto(url, table) {
  const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client');
  const client = createClient({
    url,
    clickhouse_settings: { date_time_input_format: 'best_effort' },
    // What fails is thrown, and logged by the pipeline.
    log: { level: ClickHouseLogLevel.OFF },
  });
  return async (values, signal) => {
    await client.insert({ table, values, format: 'JSONEachRow', abort_signal: signal });
  };
}
