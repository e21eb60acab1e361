const sizes = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes in a few columns, in thousands: `999B`, `1.2KB`, `34MB`. */
export function renderSize(bytes: number): string {
  let [value, unit] = [Math.abs(bytes), 0];
  while (value >= 999.5 && unit < sizes.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${bytes < 0 ? '-' : ''}${digits}${sizes[unit]}`;
}

/** A rate a second: `0`, `0.25`, `1230`. */
export function renderRate(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 100) return String(Math.round(perSecond));
  return perSecond < 0.01 ? '<0.01' : String(Number(perSecond.toPrecision(2)));
}

/** `-` where it is unknown. */
export function orUnknown<T>(value: T | null, render: (value: T) => string = String): string {
  return value === null ? '-' : render(value);
}
