import type { Colors } from './colors.js';
import { formatSize } from '../config/schema/size.js';
import { formatDuration } from '../domain/duration.js';
import { escapeLine } from '../domain/escape.js';
import type { FieldChange, FieldValue } from '../topology/diff/fields.js';

const durations: readonly string[] = [
  'max_age',
  'duplicate_window',
  'ack_wait',
  'backoff',
  'inactive_threshold',
  'max_expires',
];

/** Lists longer than this stand one entry a line. */
const widestList = 60;

/** One field, in the server's spelling, with values that people read: `max_age: 7d → 3d`. */
export function renderField({ path, from, to }: FieldChange, isNew: boolean, colors: Colors): string[] {
  const name = escapeLine(path);
  if (isNew) return withName(name, listOf(path, to));
  if (Array.isArray(from) && Array.isArray(to)) {
    const [old, fresh] = [new Set<unknown>(from), new Set<unknown>(to)];
    const removed = from
      .filter((one) => !fresh.has(one))
      .map((one) => colors.red(`- ${formatOne(path, one)}`));
    const added = to.filter((one) => !old.has(one)).map((one) => colors.green(`+ ${formatOne(path, one)}`));
    return [`${name}:`, ...[...removed, ...added].map((line) => `  ${line}`)];
  }
  return [
    `${name}: ${colors.red(formatFieldValue(path, from))} → ${colors.green(formatFieldValue(path, to))}`,
  ];
}

function listOf(path: string, value: FieldValue): string[] {
  return Array.isArray(value) ? value.map((one) => formatOne(path, one)) : [formatFieldValue(path, value)];
}

function withName(name: string, values: readonly string[]): string[] {
  const line = values.join(', ');
  if (line.length <= widestList) return [`${name}: ${line}`];
  return [`${name}:`, ...values.map((value) => `  ${value}`)];
}

export function formatFieldValue(path: string, value: FieldValue): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return listOf(path, value).join(', ') || 'none';
  return formatOne(path, value as string | number | boolean);
}

function formatOne(path: string, value: string | number | boolean): string {
  if (typeof value !== 'number') return escapeLine(String(value));
  if (value === -1) return 'no limit';
  if (path === 'max_age' && value === 0) return 'forever';
  if (durations.includes(path)) return formatDuration(value / 1_000_000);
  return path === 'max_bytes' ? formatSize(value) : String(value);
}
