// Writes what was measured into the documentation:
//   node test/chaos/document.mjs <file of --out>...
// docs/reliability.jsonl gets a line for each run, docs/reliability.md its tables, made from those lines.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { baseline } from './design-baseline.mjs';
import { ours } from './design-ours.mjs';
import { linesOf } from './publishers.mjs';
import { scenarios } from './scenarios/index.mjs';

const data = fileURLToPath(new URL('../../docs/reliability.jsonl', import.meta.url));
const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

const kept =
  'scenario topology server design seed events durationMs commit startedAt ok error pairs processed dead ' +
  'deadThoughSound evicted lost wrong altered twice runs faults workerStarts longestSilenceMs resumedMs quietMs ' +
  'neverQuiet countedOnly problems archived discarded replayedTwice';

/** One row for each run, without what only an investigation needs; of two results of the same run the newer one. */
export function rowsOf(results) {
  const rows = new Map();
  for (const result of results.toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))) {
    const row = Object.fromEntries(kept.split(' ').map((name) => [name, result[name]]));
    rows.set([row.scenario, row.topology, row.server, row.design, row.seed].join(' '), row);
  }
  return [...rows.values()].toSorted(
    (one, other) =>
      placeOf(one) - placeOf(other) ||
      compare(other.topology, one.topology) ||
      compare(other.server, one.server) ||
      compare(other.design, one.design) ||
      one.seed - other.seed,
  );
}

function placeOf({ scenario }) {
  return Object.keys(scenarios).indexOf(scenario);
}

function compare(one, other) {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** The tables of the page by the name of the place they stand in, as Markdown. */
export function tablesOf(rows) {
  const own = rows.filter(({ design }) => design === ours.name);
  const compared = rows.filter((row) =>
    rows.some((other) => other.design === baseline.name && isTwin(row, other)),
  );
  return { overview: overview(own), baseline: comparison(compared) };
}

function isTwin(one, other) {
  return ['scenario', 'topology', 'server', 'seed'].every((name) => one[name] === other[name]);
}

const words = { single: 'one', cluster: 'three' };

/** One line for all seeds of a scenario on one topology and version. */
function overview(rows) {
  const columns = {
    scenario: ([{ scenario }]) => scenario,
    on: ([{ topology }]) => words[topology],
    server: ([{ server }]) => server,
    seeds: (runs) => runs.map(({ seed }) => seed).join(', '),
    events: (runs) => count(sum(runs, 'events')),
    pairs: (runs) => count(sum(runs, 'pairs')),
    dead: (runs) => count(sum(runs, 'dead')),
    'of it sound': (runs) => count(sum(runs, 'deadThoughSound')),
    'put away': (runs) => {
      const put = sum(runs, 'archived') + sum(runs, 'discarded');
      return put === 0 ? '' : count(put);
    },
    evicted: (runs) => count(sum(runs, 'evicted')),
    lost: (runs) => `**${count(sum(runs, 'lost'))}**`,
    wrong: (runs) => `**${count(sum(runs, 'wrong'))}**`,
    // Measured since it is counted.
    altered: (runs) =>
      runs.some(({ altered }) => altered === undefined) ? '' : `**${count(sum(runs, 'altered'))}**`,
    twice: (runs) => count(sum(runs, 'twice')),
    'longest silence': (runs) => seconds(Math.max(...runs.map(({ longestSilenceMs }) => longestSilenceMs))),
    quiet: quietRange,
    code: (runs) => [...new Set(runs.map(({ commit }) => commit))].join(', '),
    '': (runs) =>
      runs
        .filter(({ ok }) => !ok)
        .map(({ seed, error }) => `seed ${seed}: ${error ?? 'failed'}`)
        .join(' '),
  };
  const groups = new Map();
  for (const row of rows) {
    const name = `${row.scenario} ${row.topology} ${row.server}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return table(columns, [...groups.values()], 3);
}

function quietRange(runs) {
  const all = runs.map(({ quietMs }) => quietMs).filter((ms) => typeof ms === 'number');
  if (all.length < runs.length) return '–';
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? seconds(least) : `${(least / 1000).toFixed(0)}–${(most / 1000).toFixed(0)} s`;
}

/** Both designs, one line for each run. */
function comparison(rows) {
  const columns = {
    scenario: ({ scenario }) => scenario,
    server: ({ server }) => server,
    seed: ({ seed }) => seed,
    design: ({ design }) => (design === ours.name ? design : `the ${design}`),
    pairs: ({ pairs }) => count(pairs),
    processed: ({ processed }) => count(processed),
    dead: ({ dead }) => count(dead),
    lost: ({ lost }) => `**${count(lost)}**`,
    wrong: ({ wrong }) => count(wrong),
    twice: ({ twice }) => count(twice),
    'longest silence': ({ longestSilenceMs }) => seconds(longestSilenceMs),
  };
  return table(columns, rows, 4);
}

/** `texts` columns of words stand left, the numbers right. A column in which no line says anything is left out. */
function table(columns, items, texts) {
  const cells = items.map((item) => Object.values(columns).map((of) => String(of(item))));
  const names = Object.keys(columns);
  const used = names.map((_, column) => cells.some((line) => line[column] !== ''));
  const line = (words) => `| ${words.filter((_, column) => used[column]).join(' | ')} |`;
  const rule = names.map((_, column) => (column < texts ? '---' : '---:'));
  return [line(names), line(rule), ...cells.map(line)].join('\n');
}

function sum(runs, name) {
  return runs.reduce((total, run) => total + (run[name] ?? 0), 0);
}

function count(value) {
  return value === undefined ? '–' : value.toLocaleString('en-US');
}

function seconds(ms) {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : '–';
}

/** The rows that the documentation has. */
export function readRows() {
  return linesOf(data).map((line) => JSON.parse(line));
}

/** The page with each table in its place: between `<!-- <name> -->` and `<!-- end -->`. */
export function withTables(text, tables) {
  return Object.entries(tables).reduce((page, [name, table]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!place.test(page)) throw new Error(`the page has no place for the table ${name}`);
    return page.replace(place, (_all, before, after) => `${before}\n${table}\n${after}`);
  }, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2);
  const known = existsSync(data) ? readRows() : [];
  const results = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).results);
  const rows = rowsOf([...known, ...results]);
  writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), tablesOf(rows)));
}
