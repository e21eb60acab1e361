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
  write(`   ${paint('dim', '$')} ${paint('bold', line)}`);
}

/** What a command printed; `keep` says which of its lines are shown. */
export function output(text, keep = () => true) {
  const lines = text.split('\n');
  const shown = lines.filter(keep);
  if (shown.length > 0) write(paint('dim', indent(shown.join('\n'))));
}

/** One line of something that happens over time. */
export function moment(seconds, text) {
  write(`   ${paint('yellow', `${seconds.toFixed(1).padStart(5)} s`)}  ${text}`);
}

export function title(text) {
  write(paint('bold', text));
}

export function verdict(ok, text) {
  write(`\n${paint(['bold', ok ? 'green' : 'red'], text)}`);
}

function indent(text) {
  return text.replaceAll(/^(?=.)/gm, '   ');
}

function write(text) {
  process.stdout.write(`${text}\n`);
}
