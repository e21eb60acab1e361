import { formatMeasured } from '../domain/duration.js';

export type LogFields = Readonly<Record<string, unknown>>;

/** Said by the line's beginning, or of no use to who reads along. */
const elsewhere: ReadonlySet<string> = new Set(
  'level time msg err consumer origin id stage cycle attempt subject eventId kind to task'.split(' '),
);

/** Why something happened: it follows the sentence. */
const because = ['reason', 'error', 'because', 'why'] as const;

/**
 * A log line as people read it: `notifications-consumer/42 main #1 failed: connection refused (of 3, retry in 1s)`.
 * Whom it is about comes first, then what happened and why; what else there is stands in brackets.
 */
export function humanLine(fields: LogFields): string {
  const { msg, err } = fields;
  const about = aboutOf(fields);
  const what = textOf(msg ?? '');
  // The number of the attempt stands before it.
  const sentence = fields['attempt'] === undefined ? what : what.replace(/^attempt /, '');
  const why = because.map((name) => fields[name]).find((value) => value !== undefined);
  const rest = Object.entries(fields)
    .filter(([name]) => !elsewhere.has(name) && !(because as readonly string[]).includes(name))
    .map(([name, value]) => factOf(name, value));
  return [
    [...about, sentence].filter((part) => part !== '').join(' '),
    why === undefined ? '' : `: ${textOf(why)}`,
    rest.length === 0 ? '' : ` (${rest.join(', ')})`,
    errorOf(err),
  ].join('');
}

function aboutOf({ id, consumer, origin, stage, cycle, attempt }: LogFields): string[] {
  const seq = typeof origin === 'string' ? `/${origin.split('/').at(-1)}` : '';
  return [
    id === undefined ? (consumer === undefined ? '' : `${textOf(consumer)}${seq}`) : textOf(id),
    stage === undefined ? '' : `${textOf(stage)}${cycle === undefined ? '' : `/${textOf(cycle)}`}`,
    attempt === undefined ? '' : `#${textOf(attempt)}`,
  ];
}

/** `retryInMs: 1000` → `retry in 1s`, `serverVersion: '2.15.1'` → `server version 2.15.1`. */
function factOf(name: string, value: unknown): string {
  const isDuration = name.endsWith('Ms') && typeof value === 'number';
  const words = (isDuration ? name.slice(0, -2) : name).replaceAll(
    /(?<=[a-z])[A-Z]/g,
    (letter) => ` ${letter.toLowerCase()}`,
  );
  return `${words} ${isDuration ? formatMeasured(value) : textOf(value)}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return JSON.stringify(value) ?? '';
}

/** Its message, where nothing else says it, and its stack on lines of their own. */
function errorOf(err: unknown): string {
  if (err === undefined || err === null) return '';
  if (typeof err !== 'object') return `: ${textOf(err)}`;
  const { message, stack } = err as { message?: unknown; stack?: unknown };
  if (typeof stack === 'string') return `\n${stack.replaceAll(/^/gm, '    ')}`;
  return message === undefined ? `: ${textOf(err)}` : `: ${textOf(message)}`;
}
