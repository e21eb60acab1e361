import type { ShownEvent } from '../dlq/show.js';
import { reformat } from '../domain/json-text.js';

/** The payload of an event as JSON on one line, each digit as it was published. */
export function dataJson({ data, text, encoding }: Pick<ShownEvent, 'data' | 'text' | 'encoding'>): string {
  if (encoding !== 'json' || text === null) return JSON.stringify(data);
  // A valid JSON text on one line needs no other form.
  return /[\r\n]/.test(text) ? reformat(text) : text;
}
