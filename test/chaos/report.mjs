const columns = [
  ['scenario', ({ scenario }) => scenario],
  ['on', ({ topology, server }) => `${topology} ${server}`],
  ['design', ({ design }) => design],
  ['seed', ({ seed }) => seed],
  ['pairs', ({ pairs }) => pairs],
  ['processed', ({ processed }) => processed],
  ['dead', ({ dead }) => dead],
  ['archived', ({ archived }) => archived],
  ['discarded', ({ discarded }) => discarded],
  ['evicted', ({ evicted }) => evicted],
  ['lost', ({ lost }) => lost],
  ['wrong', ({ wrong }) => wrong],
  ['altered', ({ altered }) => altered],
  ['twice', ({ twice }) => twice],
  ['replayed twice', ({ replayedTwice }) => replayedTwice],
  ['faults', ({ faults }) => faults],
  ['starts', ({ workerStarts }) => workerStarts],
  ['resumed', ({ resumedMs }) => seconds(resumedMs)],
  ['silence', ({ longestSilenceMs }) => seconds(longestSilenceMs)],
  ['quiet', ({ quietMs }) => seconds(quietMs)],
  ['', ({ ok, error }) => (ok ? 'ok' : (error ?? 'FAILED'))],
];

function seconds(ms) {
  return ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`;
}

/** The results as one table of plain text. */
export function renderTable(results) {
  const rows = [
    columns.map(([name]) => name),
    ...results.map((one) => columns.map(([, of]) => String(of(one) ?? '-'))),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
