import { escapeLine } from '../domain/escape.js';
import type { HeardEvent, StoredEvent } from '../events/read/stored-event.js';
import { clipColumns } from './columns.js';
import { dataJson } from './data-json.js';
import type { View } from './dead-letters.js';
import { renderTime, timeOfDay } from './time.js';

/** Below it there is no room for the day, and for more than the type. */
const widthForAll = 60;
const seqWidth = 6;

/** An event as one line of JSON. */
export function eventJson(event: StoredEvent | HeardEvent): string {
  const { subject, type, stream, seq, time, id, headers, encoding, encryption } = event;
  const place = `"stream":${JSON.stringify(stream)},"seq":${seq},"time":"${time}","id":${JSON.stringify(id)}`;
  const before = `{"subject":${JSON.stringify(subject)},"type":${JSON.stringify(type)},${place}`;
  const rest = encryption === undefined ? '' : `,"encryption":${JSON.stringify(encryption)}`;
  return `${before},"headers":${JSON.stringify(headers)},"data":${dataJson(event)},"encoding":"${encoding}"${rest}}`;
}

/** An event as one line: when it was stored (UTC), its sequence, its subject and its payload. Cut to the width. */
export function renderEvent(
  event: StoredEvent | HeardEvent,
  { width, colors }: Pick<View, 'width' | 'colors'>,
): string {
  const isNarrow = width < widthForAll;
  const when = isNarrow ? timeOfDay(event.time) : renderTime(event.time);
  const seq = event.seq === null ? '' : `#${event.seq}`.padEnd(seqWidth);
  const before = [when, seq].filter((part) => part !== '').join('  ');
  const subject = clipColumns(
    escapeLine(isNarrow ? event.type : event.subject),
    Math.max(8, width - before.length - 2),
  );
  const left = width - before.length - subject.length - 4;
  const payload = left > 0 ? clipColumns(escapeLine(start(shownPayload(event), left)), left) : '';
  return `${colors.dim(before)}  ${colors.bold(subject)}  ${payload}`.trimEnd();
}

/** Of a large payload no more is looked at than can be shown; one character more says that it is cut. */
function start(text: string, columns: number): string {
  return columns === Number.POSITIVE_INFINITY ? text : text.slice(0, columns + 1);
}

function shownPayload(event: StoredEvent | HeardEvent): string {
  const { encoding, text, raw, encryption } = event;
  if (encoding === 'encrypted') return `(encrypted: ${encryption?.reason ?? 'not opened'})`;
  if (text === null) return `(${raw.length} bytes that are not text)`;
  return encoding === 'json' ? text.replaceAll(/[\r\n\t]+ */g, ' ') : text;
}
