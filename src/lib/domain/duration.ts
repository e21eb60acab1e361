/** Durations as people write them: `250ms`, `30s`, `5m`, `2h`, `7d`, `1w`; parts add up: `1h30m`. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Node's timers end at 2^31 - 1 ms, 24.8 days, and fire at once beyond. */
export const longestTimerMs = 24 * 86_400_000;

/** 100 years: longer is none of ours. */
export const longestDurationMs = 100 * 365 * 86_400_000;

const shape = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

/** Milliseconds of a duration like `5m`, or undefined when the text is none. Longer than 100 years is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !shape.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(part))
    ms += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN);
  return Number.isFinite(ms) && ms <= longestDurationMs ? Math.round(ms) : undefined;
}

/** Units as people also write them, in lower case. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/, 'ms'],
  [/^(?:s|secs?|seconds?)$/, 's'],
  [/^(?:m|mins?|minutes?)$/, 'm'],
  [/^(?:h|hrs?|hours?)$/, 'h'],
  [/^(?:d|days?)$/, 'd'],
  [/^(?:w|wks?|weeks?)$/, 'w'],
];

/** The duration that was probably meant: `5min` → `5m`, `2 Hours` → `2h`. Undefined: unclear. */
export function durationMeant(text: string): string | undefined {
  const words = text.trim().toLowerCase();
  if (words.length > 64 || !/^(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*)+$/.test(words)) return undefined;
  let meant = '';
  for (const [, amount, word = ''] of words.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const unit = spellings.find(([spelling]) => spelling.test(word))?.[1];
    if (unit === undefined) return undefined;
    meant += `${amount}${unit}`;
  }
  return meant === text ? undefined : meant;
}

/** The shortest exact form of a duration: 300000 → `5m`, 90000 → `1m30s`, 0 → `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(Math.abs(ms));
  if (rest === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/**
 * A duration that was measured, as exact as a person needs it: 32 → `32ms`, 4032 → `4s`, 1530 → `1.5s`, 61400 →
 * `1m1s`.
 */
export function formatMeasured(ms: number): string {
  const whole = Math.round(Math.abs(ms));
  if (whole < 1000) return formatDuration(ms);
  if (whole < 10_000) return `${ms < 0 ? '-' : ''}${Math.round(whole / 100) / 10}s`;
  return formatDuration(Math.round(ms / 1000) * 1000);
}
