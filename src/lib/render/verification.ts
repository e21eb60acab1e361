import { escapeLine } from '../domain/escape.js';
import type { Problem, Repaired, Verification, Waiting, Warning } from '../verify/verification.js';
import type { Colors } from './colors.js';
import { columnsOf } from './columns.js';
import type { View } from './dead-letters.js';
import { type Caller, hangingWithSuggestions } from './suggestion.js';

/** More are only counted; `--json` shows all. */
const maxShown = 100;

type Sized = Pick<View, 'colors' | 'width'>;

/** What was looked at, what is broken, and what may break. */
export function renderVerification(found: Verification, view: Sized, caller?: Caller): string {
  const { colors } = view;
  const { problems, warnings, waiting, repaired = [], ok } = found;
  const blocks = [
    facts(found, colors),
    block(
      problems.map((problem) => problemLine(problem, view, caller)),
      colors,
    ),
    block(
      repaired.map((one) => repairedLine(one, colors)),
      colors,
    ),
    warnings.map((warning) => warningLine(warning, view, caller)).join('\n'),
    block(
      waiting.map((one) => waitingLine(one, colors)),
      colors,
    ),
    ok ? colors.green('nothing is broken') : colors.red(count(problems.length, 'problem')),
  ];
  return blocks.filter((text) => text !== '').join('\n\n');
}

function facts({ pipeline, server, checked }: Verification, colors: Colors): string {
  const { records, exhaustions, pointers, deadLetters, archived, originals, inFlight } = checked;
  const kept = archived === 0 ? '' : `, ${archived} archived`;
  const rows: [string, string][] = [
    ['server', escapeLine(server)],
    ['pipeline', escapeLine(pipeline)],
    ['journal', `${count(records, 'record')}, ${count(exhaustions, 'exhaustion')}`],
    [
      'pointers',
      `${pointers} waiting, ${deadLetters} dead${kept}, ${count(originals, 'original')} looked up`,
    ],
    ['in flight', String(inFlight)],
  ];
  return rows.map(([name, value]) => `  ${colors.dim(name.padEnd(9))}  ${value}`).join('\n');
}

function block(lines: readonly string[], colors: Colors): string {
  const more = lines.length - maxShown;
  const shown =
    more > 0 ? [...lines.slice(0, maxShown), colors.dim(`and ${more} more: --json shows all`)] : lines;
  return shown.join('\n');
}

function problemLine(
  { kind, id, consumer, stream, detail, suggestions }: Problem,
  { colors, width }: Sized,
  caller: Caller | undefined,
): string {
  const place = escapeLine(id ?? [stream, consumer].filter((part) => part !== undefined).join(' '));
  const before = kind.length + columnsOf(place) + 4;
  const said = hangingWithSuggestions(before, detail, width, suggestions, caller);
  return `${colors.red(kind)}  ${colors.bold(place)}  ${said}`;
}

function repairedLine({ kind, id, detail }: Repaired, colors: Colors): string {
  return `${colors.green('repaired')}  ${colors.bold(escapeLine(id))}  ${kind}: ${escapeLine(detail)}`;
}

function waitingLine({ consumer, stream, notDelivered, unacknowledged }: Waiting, colors: Colors): string {
  const parts = [
    ...(notDelivered > 0 ? [`${notDelivered} not delivered yet`] : []),
    ...(unacknowledged > 0 ? [`${unacknowledged} in progress or in backoff`] : []),
  ];
  return `${colors.dim('waiting')}  ${colors.bold(escapeLine(consumer))}  ${escapeLine(stream)}: ${parts.join(', ')}`;
}

function warningLine(
  { kind, detail, suggestions }: Warning,
  { colors, width }: Sized,
  caller: Caller | undefined,
): string {
  const said = hangingWithSuggestions(9, `${kind}: ${detail}`, width, suggestions, caller);
  return `${colors.yellow('warning')}  ${said}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
