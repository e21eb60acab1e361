import type { Diagnosis, Finding } from '../doctor/finding.js';
import { escapeLine } from '../domain/escape.js';
import type { Suggestion } from '../suggestion.js';
import type { Colors } from './colors.js';
import type { View } from './dead-letters.js';
import { hanging } from './hanging.js';

type Sized = Pick<View, 'colors' | 'width'>;

const aboutColumns = 13;
const before = 6 + aboutColumns;

/** A line for each finding, and what to do next below those that need it: once for several with the same. */
export function renderDiagnosis(
  { ok, findings }: Diagnosis,
  view: Sized,
  inWords: (next: Suggestion) => string,
): string {
  const lines = findings.map((finding, at) => line(finding, findings[at + 1], view, inWords));
  const [failed, warned] = (['fail', 'warn'] as const).map(
    (status) => findings.filter((one) => one.status === status).length,
  );
  const { colors } = view;
  const end = ok
    ? colors.green(
        warned === 0
          ? 'nothing stands in the way'
          : 'nothing stands in the way; somebody should look at the warnings',
      )
    : colors.red(`${failed} ${failed === 1 ? 'thing stands' : 'things stand'} in the way`);
  return `${lines.join('\n')}\n\n${end}`;
}

function line(
  { about, status, message, next }: Finding,
  following: Finding | undefined,
  view: Sized,
  inWords: (next: Suggestion) => string,
): string {
  const { colors, width } = view;
  const mark = colorOf(status, colors)(status.padEnd(6));
  const text = `${mark}${about.padEnd(aboutColumns)}${hanging(before, escapeLine(message), width)}`;
  if (next === null || status === 'ok') return text;
  const words = inWords(next);
  const isSaidBelow = following?.status === status && following.next && inWords(following.next) === words;
  if (isSaidBelow) return text;
  const said = escapeLine(words);
  // A command stays whole: it is copied.
  const fitted = typeof next === 'string' ? hanging(before + 2, said, width) : said;
  return `${text}\n${' '.repeat(before)}→ ${fitted}`;
}

function colorOf(status: Finding['status'], colors: Colors): (text: string) => string {
  if (status === 'ok') return colors.green;
  return status === 'warn' ? colors.yellow : colors.red;
}
