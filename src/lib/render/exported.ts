import type { ExportedLetter } from '../dlq/out/export.js';
import { csvRecord } from '../domain/csv.js';
import { escapeBlock, escapeJson } from '../domain/escape.js';
import { dataJson } from './data-json.js';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** How dead letters are written, one after the other. */
export interface ExportText {
  /** Before the first. */
  readonly head: string;
  readonly lineOf: (letter: ExportedLetter) => string;
}

export function exportText(format: ExportFormat, withData: boolean): ExportText {
  if (format === 'ndjson') return { head: '', lineOf: (letter) => `${escapeJson(jsonOf(letter))}\n` };
  const columns = [...letterColumns, ...(withData ? eventColumns : []), ...laterColumns];
  return {
    head: csvRecord(columns.map(([title]) => title)),
    lineOf: (letter) => csvRecord(columns.map(([, cellOf]) => cellOf(letter))),
  };
}

/** Each digit of the event's JSON as it was published. */
function jsonOf(letter: ExportedLetter): string {
  const { event, ...item } = letter;
  if (event === undefined) return JSON.stringify(item);
  return `${JSON.stringify(item).slice(0, -1)},"event":${eventJson(event)}}`;
}

function eventJson(event: ExportedLetter['event']): string {
  if (!event) return 'null';
  const { subject, headers, encoding, time, encryption } = event;
  const rest = encryption === undefined ? '' : `,"encryption":${JSON.stringify(encryption)}`;
  const before = `{"subject":${JSON.stringify(subject)},"headers":${JSON.stringify(headers)},"data":`;
  return `${before}${dataJson(event)},"encoding":"${encoding}","time":${JSON.stringify(time)}${rest}}`;
}

type CsvColumn = readonly [title: string, cellOf: (letter: ExportedLetter) => string];

const letterColumns: readonly CsvColumn[] = [
  ['id', ({ id }) => plain(id)],
  ['consumer', ({ consumer }) => plain(consumer)],
  ['stream', ({ stream }) => plain(stream)],
  ['seq', ({ seq }) => String(seq)],
  ['subject', ({ subject }) => plain(subject)],
  ['reason', ({ reason }) => plain(reason)],
  ['fingerprint', ({ fingerprint }) => plain(fingerprint)],
  ['attemptsMain', ({ attempts }) => String(attempts.main)],
  ['attemptsRetry', ({ attempts }) => String(attempts.retry)],
  ['cycle', ({ cycle }) => String(cycle)],
  ['deadAt', ({ deadAt }) => plain(deadAt)],
  ['status', ({ status }) => status],
  ['original', ({ original }) => original],
  ['originalExpiresAt', ({ originalExpiresAt }) => originalExpiresAt ?? ''],
  ['resolvedLate', ({ resolvedLate }) => (resolvedLate ? 'true' : '')],
];

const eventColumns: readonly CsvColumn[] = [
  ['eventTime', ({ event }) => event?.time ?? ''],
  ['headers', ({ event }) => (event ? escapeJson(JSON.stringify(event.headers)) : '')],
  ['encoding', ({ event }) => event?.encoding ?? ''],
  ['data', ({ event }) => (event ? dataCell(event) : '')],
];

/** Behind all others: what counts the columns of before finds them where they were. */
const laterColumns: readonly CsvColumn[] = [
  ['group', ({ group }) => group ?? ''],
  ['name', ({ name }) => plain(name ?? '')],
  ['code', ({ code }) => plain(code ?? '')],
  ['kept', ({ kept }) => (kept ? 'true' : '')],
  ['edited', ({ edited }) => (edited ? 'true' : '')],
  ['supersededBy', ({ supersededBy }) => (supersededBy === null ? '' : String(supersededBy))],
];

/** What a terminal or a spreadsheet would obey is its escape. JSON says the same with JSON's own escapes. */
function dataCell({ encoding, text, data }: NonNullable<ExportedLetter['event']>): string {
  if (encoding === 'json' && text !== null) return escapeJson(text.replaceAll(/[\r\n\t]/g, ' '));
  return plain(text ?? String(data));
}

const plain = escapeBlock;
