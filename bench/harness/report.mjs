/**
 * A row: `{path, unit, ours, ceiling?, plain?, gates: [{to, value, atLeast | atMost, aim?, unit?}], note?}`. `to`
 * says what the value is a ratio to, or what it is.
 */
export function rateRow({ path, unit = 'msgs/s', figures, ceilingGate, plainGate, note }) {
  const { ours, ceiling, plain, all } = figures;
  const gates = [];
  if (ceilingGate) gates.push({ to: 'ceiling', value: ours / ceiling, ...ceilingGate });
  if (plainGate) gates.push({ to: 'plain', value: ours / plain, ...plainGate });
  return { path, unit, ours, ceiling, plain, gates, note, all };
}

export function passes({ value, atLeast, atMost }) {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** What makes the run fail, a line each. */
export function failures(results, { gates }) {
  const wrong = results.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  );
  if (!gates) return wrong;
  const short = results
    .flatMap(({ rows }) => rows)
    .flatMap((row) =>
      row.gates.filter((gate) => !passes(gate)).map((gate) => `${row.path}: ${describe(gate)}`),
    );
  return [...wrong, ...short.map((line) => `gate missed: ${line}`)];
}

function describe(gate) {
  const { to, value, atLeast, atMost, unit = '' } = gate;
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return `${to} ${figure(value)}${unit}, expected ${bound}${unit}`;
}

/** The table, as Markdown: it goes into docs/performance.md as it is. */
export function tableOf(results) {
  const header = ['path', 'ours', 'ceiling', 'plain client', 'to', 'measured', 'gate', 'aim', ''];
  const lines = results.flatMap(({ name, rows, problem }) =>
    problem === undefined ? rows.flatMap(linesOf) : [[name, '', '', '', '', problem, '', '', 'FAILED']],
  );
  const cells = [header, ...lines];
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const lineOf = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lineOf(header), rule, ...lines.map(lineOf)].join('\n');
}

function linesOf(row) {
  const amount = (value) => (value === undefined ? '' : `${figure(value)} ${row.unit}`);
  const first = [row.path, amount(row.ours), amount(row.ceiling), amount(row.plain)];
  const note = row.note === undefined ? '' : row.note;
  if (row.gates.length === 0) return [[...first, '', note, '', '', '']];
  return row.gates.map((gate, index) => [...(index === 0 ? first : ['', '', '', '']), ...gateCells(gate)]);
}

function gateCells(gate) {
  const { to, value, atLeast, atMost, aim, unit = '' } = gate;
  const sign = atLeast === undefined ? '≤' : '≥';
  const aimed = aim === undefined ? '' : `${figure(aim)}${unit}`;
  return [
    to,
    `${figure(value)}${unit}`,
    `${sign} ${atLeast ?? atMost}${unit}`,
    aimed,
    passes(gate) ? 'pass' : 'FAIL',
  ];
}

/** Three digits that count, thousands apart. */
function figure(value) {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}
