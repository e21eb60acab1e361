import type { EditPlan, EditResult } from '../dlq/edit/edit.js';
import { differenceOf } from '../domain/edit.js';
import { escapeLine } from '../domain/escape.js';
import type { Colors } from './colors.js';

const mostLines = 20;
const mostInvalid = 10;

/** The first differences, and how many there are. */
export function renderEditPlan(plan: EditPlan, colors: Colors): string {
  const blocks = plan.differences.map(({ id, before, after }) => {
    const lines = differenceOf(before, after);
    const shown = lines.slice(0, mostLines).map((line) => {
      const text = `  ${escapeLine(line)}`;
      return line.startsWith('-') ? colors.red(text) : colors.green(text);
    });
    const more = lines.length > shown.length ? [`  … ${lines.length - shown.length} more lines`] : [];
    return [colors.bold(escapeLine(id)), ...shown, ...more].join('\n');
  });
  const invalid = plan.invalid
    .slice(0, mostInvalid)
    .map(({ id, reason }) => `${colors.red('refused')}  ${escapeLine(`${id}: ${reason}`)}`);
  const { pipeline, server, items, unchanged } = plan;
  const counts = `${items.length} changed, ${unchanged} unchanged, ${plan.invalid.length} refused`;
  return [
    ...blocks,
    [...invalid, `pipeline ${escapeLine(pipeline)} on ${escapeLine(server)}: ${counts}`].join('\n'),
  ].join('\n\n');
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
