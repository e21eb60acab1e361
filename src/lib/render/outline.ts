import { escapeLine } from '../domain/escape.js';

/** A value as indented `key: value` lines, like YAML; for reading, not for parsing. */
export function outline(value: Readonly<Record<string, unknown>>, indent = ''): string {
  return Object.entries(value)
    .map(([key, inner]) => `${indent}${escapeLine(key)}:${entry(inner, indent)}`)
    .join('\n');
}

function entry(value: unknown, indent: string): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.keys(value).length === 0
      ? ' none'
      : `\n${outline(value as Record<string, unknown>, `${indent}  `)}`;
  }
  return ` ${scalar(value)}`;
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(scalar).join(', ');
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? escapeLine(value) : JSON.stringify(value);
}
