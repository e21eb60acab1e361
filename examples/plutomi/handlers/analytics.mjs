// Writes each event as a row: to ClickHouse over HTTP (CLICKHOUSE_URL), or else to a local file.
import { appendFile } from 'node:fs/promises';

const store = !process.env.CLICKHOUSE_URL
  ? appendTo(process.env.ANALYTICS_FILE ?? 'analytics.ndjson')
  : insertInto(new URL(process.env.CLICKHOUSE_URL), process.env.CLICKHOUSE_TABLE ?? 'plutomi_events');

export default async function analytics(event, ctx) {
  const row = {
    event_id: event.id ?? ctx.idempotencyKey,
    type: event.type,
    time: event.time.toISOString(),
    data: JSON.stringify(event.data),
  };
  await store(`${JSON.stringify(row)}\n`, ctx.signal);
}

function appendTo(file) {
  return (line) => appendFile(file, line);
}

/** A row that comes twice has the same sorting key: ReplacingMergeTree keeps one. */
function insertInto(address, table) {
  const { username, password } = address;
  const url = new URL(address);
  [url.username, url.password] = ['', ''];
  const settings = {
    query: `INSERT INTO ${table} FORMAT JSONEachRow`,
    date_time_input_format: 'best_effort',
    // The server gathers rows of many requests into one part, and answers when they are stored.
    async_insert: '1',
    wait_for_async_insert: '1',
  };
  for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, value);
  const headers = {
    'Content-Type': 'application/x-ndjson',
    ...(username === '' ? {} : { 'X-ClickHouse-User': decodeURIComponent(username) }),
    ...(password === '' ? {} : { 'X-ClickHouse-Key': decodeURIComponent(password) }),
  };
  return async (body, signal) => {
    const answer = await fetch(url, { method: 'POST', headers, body, signal });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`ClickHouse answered ${answer.status}: ${text.split('\n')[0]}`);
  };
}
