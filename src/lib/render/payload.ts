import { clipText, escapeBlock } from '../domain/escape.js';
import { reformat } from '../domain/json-text.js';
import type { ShownEvent } from '../dlq/show.js';

/** Longer blocks are cut; `--json` has them whole. */
const maxShown = 4096;

/** A payload as it is stored: JSON is indented and otherwise left alone, digit by digit. */
export function renderPayload({
  data,
  text,
  encoding,
  encryption,
}: Pick<ShownEvent, 'data' | 'text' | 'encoding' | 'encryption'>): string {
  if (encoding === 'encrypted') return escapeBlock(encryption?.reason ?? 'encrypted');
  const whole = encoding === 'json' && text !== null ? reformat(text, 2) : String(data);
  return cutBlock(escapeBlock(whole));
}

/** What stands behind its title, where it is not simply the payload. */
export function payloadMark({ encoding, encryption }: Pick<ShownEvent, 'encoding' | 'encryption'>): string {
  return `${encoding === 'base64' ? ', base64' : ''}${encryption === undefined ? '' : ', encrypted'}`;
}

/** As much of a block as a person reads. */
export function cutBlock(text: string): string {
  const left = text.length - maxShown;
  return left > 0 ? `${clipText(text, maxShown + 1)}\n(${left} more characters: --json shows all)` : text;
}
