import type { EditPlan, EditResult } from '../dlq/edit/edit.js';
import { differenceOf } from '../domain/edit-difference.js';
import { escapeLine } from '../domain/escape.js';
import type { Colors } from './colors.js';
import { hanging } from './hanging.js';
import type { View } from './dead-letters.js';

const mostLines = 20;
const mostInvalid = 10;

/** The first differences, what is the same once; how many there are, and how many of them are not shown. */
export function renderEditPlan(plan: EditPlan, { width, colors }: Pick<View, 'width' | 'colors'>): string {
  const idsOf = new Map<string, string[]>();
  for (const { id, before, after } of plan.differences) {
    const text = shown(differenceOf(before, after, bytesPerLine(width)), colors);
    idsOf.set(text, [...(idsOf.get(text) ?? []), id]);
  }
  const blocks = [...idsOf].map(([text, [first = '', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more, with the same difference`;
    return `${colors.bold(escapeLine(first))}${more}\n${text}`;
  });
  const unseen = plan.items.length - plan.differences.length;
  if (unseen > 0) blocks.push(`and ${unseen} more are changed: their differences are not shown here`);
  const invalid = plan.invalid
    .slice(0, mostInvalid)
    .map(({ id, reason }) => `${colors.red('refused')}  ${escapeLine(`${id}: ${reason}`)}`);
  const left = plan.invalid.length - invalid.length;
  if (left > 0) invalid.push(`${colors.red('refused')}  ${left} more: --json shows all`);
  const { pipeline, server, items, unchanged } = plan;
  const counts = `${items.length} changed, ${unchanged} unchanged, ${plan.invalid.length} refused`;
  return [
    ...blocks,
    [
      ...invalid,
      hanging(0, `pipeline ${escapeLine(pipeline)} on ${escapeLine(server)}: ${counts}`, width),
    ].join('\n'),
  ].join('\n\n');
}

/** So many are as wide as the terminal: four columns a byte, and what stands before them. */
function bytesPerLine(width: number): number {
  if (width >= 79) return 16;
  return width >= 47 ? 8 : 4;
}

function shown(lines: readonly string[], colors: Colors): string {
  const painted = lines.slice(0, mostLines).map((line) => {
    const text = `  ${escapeLine(line)}`;
    return line.startsWith('-') ? colors.red(text) : colors.green(text);
  });
  const left = lines.length - painted.length;
  return [...painted, ...(left > 0 ? [`  … ${left} more lines`] : [])].join('\n');
}

/** What came of it, in a line. */
export function renderEditResult(result: EditResult): string {
  const { changed, unchanged, invalid, replayed, resolved, deadAgain, pending } = result;
  const waited =
    resolved === undefined
      ? ''
      : `; resolved ${resolved}, dead again ${deadAgain ?? 0}, pending ${pending ?? 0}`;
  return `edited ${changed}, unchanged ${unchanged}, refused ${invalid.length}; replayed ${replayed}${waited}`;
}
