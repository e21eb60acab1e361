/** Sizes as people write them: `512MiB`, `10GB`. KB, MB, GB, TB count in thousands, KiB, MiB, GiB, TiB in 1024s. */

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

const shape = /^(\d{1,15}(?:\.\d{1,6})?) ?(B|[KMGT]i?B)?$/;

/** Bytes of a size like `10GB`, or undefined when the text is none or less than one byte. */
export function parseSize(text: string): number | undefined {
  const found = shape.exec(text);
  if (!found) return undefined;
  const bytes = Math.round(Number(found[1]) * (unitBytes[found[2] ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** The size that was probably meant: `10gb` → `10GB`, `512 Mi` → `512MiB`. Undefined: unclear. */
export function sizeMeant(text: string): string | undefined {
  const found = /^\s*(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt])(i?)(?:b|bytes?)?\s*$/i.exec(text);
  if (!found) return undefined;
  const [, amount, unit = '', binary = ''] = found;
  const meant = `${amount}${unit.toUpperCase()}${binary.toLowerCase()}B`;
  return meant === text ? undefined : meant;
}

/** The largest unit that expresses it exactly: 10737418240 → `10GiB`, 1500 → `1500B`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TB', 'TiB', 'GB', 'GiB', 'MB', 'MiB', 'KB', 'KiB']) {
    const count = bytes / (unitBytes[unit] ?? 1);
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`;
  }
  return `${bytes}B`;
}
