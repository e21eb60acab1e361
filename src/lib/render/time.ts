const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** How long from `nowMs` an ISO time is, in its largest unit: `3m ago`, `in 2d`, `now`. Unreadable: as it is. */
export function renderWhen(iso: string, nowMs: number): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  const distance = Math.abs(nowMs - ms);
  for (const [unit, size] of units) {
    const count = Math.floor(distance / size);
    if (count > 0) return ms <= nowMs ? `${count}${unit} ago` : `in ${count}${unit}`;
  }
  return 'now';
}

/** An ISO time as people read it, in UTC: `2026-01-31 12:00:00`. */
export function renderTime(iso: string): string {
  return iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');
}
