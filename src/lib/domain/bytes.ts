const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes in a sentence, in thousands: `999 B`, `1.2 KB`, `34 MB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${digits} ${units[unit]}`;
}
