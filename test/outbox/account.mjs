/** Compares what was committed with what the stream has. */
export async function account(pool, pipeline) {
  const { rows } = await pool.query('select event_id, key, n from ledger');
  const committed = new Map(rows.map((row) => [row.event_id, row]));
  const times = new Map();
  const lastOfKey = new Map();
  let [unknown, disordered] = [0, 0];
  for await (const { id, data } of pipeline.events({ all: true, follow: false })) {
    if (!committed.has(id)) {
      unknown++;
      continue;
    }
    times.set(id, (times.get(id) ?? 0) + 1);
    if (data.n <= (lastOfKey.get(data.key) ?? 0)) disordered++;
    lastOfKey.set(data.key, data.n);
  }
  return {
    rows: committed.size,
    lost: committed.size - times.size,
    doubled: [...times.values()].filter((one) => one > 1).length,
    unknown,
    disordered,
  };
}
