// What the demo says: numbered steps, the commands that it runs, and what they print.
import { styleText } from 'node:util';

const plain = !process.stdout.isTTY || process.env.NO_COLOR || process.env.TERM === 'dumb';
const paint = (style, text) => (plain ? text : styleText(style, text, { validateStream: false }));
let steps = 0;

export function step(title) {
  write(`\n${paint(['bold', 'cyan'], `${++steps}. ${title}`)}`);
}

export function tell(text) {
  write(indent(text));
}

export function command(line) {
  const [first, ...more] = wrap(`   $ ${line}`);
  write([`   ${paint('dim', '$')} ${paint('bold', first.slice(5))}`, ...bold(more)].join('\n'));
}

/** What a command printed; `keep` says which of its lines are shown. */
export function output(text, keep = () => true) {
  const lines = text.split('\n');
  const shown = lines.filter(keep);
  if (shown.length > 0) write(paint('dim', indent(shown.join('\n'))));
}

/** One line of something that happens over time. */
export function moment(seconds, text) {
  const [first, ...more] = wrap(`   ${seconds.toFixed(1).padStart(5)} s  ${text}`);
  write([`${paint('yellow', first.slice(0, 10))}${first.slice(10)}`, ...more].join('\n'));
}

export function title(text) {
  write(paint('bold', text));
}

export function verdict(ok, text) {
  write(`\n${paint(['bold', ok ? 'green' : 'red'], text)}`);
}

function bold(lines) {
  return lines.map((line) => paint('bold', line));
}

function indent(text) {
  const lines = text.split('\n').map((line) => (line === '' ? '' : `   ${line}`));
  return lines.flatMap(wrap).join('\n');
}

/** The lines of one on this terminal, broken between words; what follows is set two columns further in. */
function wrap(line) {
  const columns = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  const margin = `${/^ */.exec(line)[0]}  `;
  const at = line.lastIndexOf(' ', columns);
  if (line.length <= columns || at <= margin.length) return [line];
  return [line.slice(0, at).trimEnd(), ...wrap(margin + line.slice(at).trimStart())];
}

function write(text) {
  process.stdout.write(`${text}\n`);
}
