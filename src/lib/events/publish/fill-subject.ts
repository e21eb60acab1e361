import { closest } from '../../domain/closest.js';
import { decodeText } from '../../domain/decode.js';
import { escapeLine } from '../../domain/escape.js';
import { parseWithNumbers } from '../../domain/numbers.js';
import { fillTemplate, partsOf, type PartProblem } from '../../domain/subject-template.js';
import { UsageError } from '../../errors.js';
import type { Destination } from './destination.js';
import type { PublishEventOptions } from './outgoing.js';

/**
 * The subject that an event goes to. Its parts come from `params`, else from a header of their name, else from the data.
 *
 * @throws UsageError `SUBJECT_PART` for a part that is missing or can be no token of a subject
 */
export function fillSubject(
  { type, subject, template }: Pick<Destination, 'type' | 'subject' | 'template'>,
  data: unknown,
  { params = {}, headers = {} }: Pick<PublishEventOptions, 'params' | 'headers'>,
): string {
  if (template === undefined) return subject;
  let fields: unknown;
  const inData = (part: string): unknown => {
    fields ??= fieldsOf(data);
    return valueIn(fields, part);
  };
  const filled = fillTemplate(
    template,
    (part) => valueIn(params, part) ?? headerNamed(headers, part) ?? inData(part),
  );
  if ('subject' in filled) return filled.subject;
  throw partError(type, template, filled);
}

/** @throws UsageError `SUBJECT_PART` for a name in `params` that is no part of the subject: nothing would take it */
export function refuseUnknownParts(
  { subject, template = subject }: Pick<Destination, 'subject' | 'template'>,
  params: Readonly<Record<string, unknown>>,
): void {
  const known = partsOf(template);
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = closest(unknown, known);
  throw new UsageError(
    `${escapeLine(template)} has no part "${escapeLine(unknown)}"; it has ${known.join(', ') || 'none'}`,
    { code: 'SUBJECT_PART', suggestions: near === undefined ? [] : [`did you mean: ${near}`] },
  );
}

/** Digits as text: a number that is rounded would be another subject. */
function fieldsOf(data: unknown): unknown {
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) return data;
  const text = typeof data === 'string' ? data : decodeText(data);
  const decoded = text === undefined ? undefined : parseWithNumbers(text, 'text');
  return decoded?.ok ? decoded.value : undefined;
}

function valueIn(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}

function headerNamed(headers: NonNullable<PublishEventOptions['headers']>, name: string): string | undefined {
  const [, value] = Object.entries(headers).find(([one]) => one.toLowerCase() === name.toLowerCase()) ?? [];
  return typeof value === 'string' ? value : value?.[0];
}

function partError(type: string, template: string, { part, found }: PartProblem): UsageError {
  const what =
    found === undefined
      ? `its ${part} is missing`
      : `expected text without dots, blanks and wildcards as its ${part}, found ${shown(found)}`;
  return new UsageError(`${escapeLine(type)} goes to ${escapeLine(template)}: ${what}`, {
    code: 'SUBJECT_PART',
    suggestions: [
      `give ${part} in the data, in a header of that name, or as params (--param ${part}=<value>)`,
    ],
  });
}

function shown(found: unknown): string {
  return typeof found === 'string'
    ? `"${escapeLine(found.slice(0, 80))}"`
    : `${typeof found === 'object' ? 'an' : 'a'} ${typeof found}`;
}
