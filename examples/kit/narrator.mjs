// What an example says: numbered steps, the commands that it runs, and what they print.
import { styleText } from 'node:util';
import { explain } from './settings.mjs';

const { FORCE_COLOR: forced, NO_COLOR, TERM } = process.env;
const plain = forced
  ? forced === '0' || forced === 'false'
  : !process.stdout.isTTY || NO_COLOR || TERM === 'dumb';
const paint = (style, text) => (plain ? text : styleText(style, text, { validateStream: false }));
const width = process.stdout.columns ?? 80;
let steps = 0;
let stepBeganMs = performance.now();

export function title(text) {
  write(wrap(text).map((line) => paint('bold', line)));
}

/** `nats`: the commands of the nats CLI that would do the same; shown with --explain. */
export function step(text, { nats = [] } = {}) {
  stepBeganMs = performance.now();
  write(['', ...wrap(`${++steps}. ${text}`).map((line) => paint(['bold', 'cyan'], line))]);
  // Never broken: it is there to be copied.
  if (explain) for (const line of [nats].flat()) write([paint('magenta', `   nats CLI: ${line}`)]);
}

export function tell(text) {
  write(indent(text));
}

export function command(line) {
  const [first, ...more] = wrap(`   $ ${line}`);
  write([
    `   ${paint('dim', '$')} ${paint('bold', first.slice(5))}`,
    ...more.map((one) => paint('bold', one)),
  ]);
}

/** What a command printed; `keep` says which of its lines are shown. */
export function output(text, keep = () => true) {
  const shown = text.split('\n').filter(keep);
  const lines = shown.flatMap((line) => (isRow(line) ? [clip(`   ${line}`)] : indent(line)));
  if (shown.length > 0) write(lines.map((line) => paint('dim', line)));
}

/** One line of something that happens over time. Default: since the step began. */
export function moment(text, seconds = (performance.now() - stepBeganMs) / 1000) {
  const [first, ...more] = wrap(`   ${seconds.toFixed(1).padStart(5)} s  ${text}`);
  write([`${paint('yellow', first.slice(0, 10))}${first.slice(10)}`, ...more]);
}

export function verdict(ok, text) {
  write(['', ...wrap(text).map((line) => paint(['bold', ok ? 'green' : 'red'], line))]);
}

/** Of a table: broken, its columns would not stand below each other. */
function isRow(line) {
  return / {2,}/.test(line.trim());
}

function clip(line) {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

function indent(text) {
  return text.split('\n').flatMap((line) => wrap(line === '' ? '' : `   ${line}`));
}

/** The lines of one, broken between words at the width of the terminal; what follows is set two columns further in. */
function wrap(line) {
  const margin = `${/^ */.exec(line)[0]}  `;
  const at = line.lastIndexOf(' ', width);
  if (line.length <= width || at <= margin.length) return [line];
  return [line.slice(0, at).trimEnd(), ...wrap(margin + line.slice(at).trimStart())];
}

function write(lines) {
  process.stdout.write(`${lines.join('\n')}\n`);
}
