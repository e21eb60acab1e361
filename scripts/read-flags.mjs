import { parseArgs } from 'node:util';

/**
 * The flags of a script of ours. Where they are wrong it says so, names those that there are, and ends with 2.
 *
 * @param {string} name of the script, as its lines begin
 * @param {import('node:util').ParseArgsConfig['options']} options as of `parseArgs`; `count: true` is a whole number
 */
export function readFlags(name, options) {
  try {
    const { values } = parseArgs({ options: withoutCount(options) });
    for (const [flag, { count }] of Object.entries(options)) {
      if (count === true && values[flag] !== undefined) values[flag] = countOf(flag, values[flag]);
    }
    return values;
  } catch (error) {
    const flags = Object.entries(options).map(
      ([flag, { type }]) => `--${flag}${type === 'string' ? ' <value>' : ''}`,
    );
    process.stderr.write(`${name}: ${error.message.split('. ')[0]}\nit takes ${flags.join(', ')}\n`);
    process.exit(2);
  }
}

function withoutCount(options) {
  return Object.fromEntries(Object.entries(options).map(([flag, { count: _, ...option }]) => [flag, option]));
}

function countOf(flag, text) {
  if (!/^[1-9]\d*$/.test(text))
    throw new Error(`--${flag}: expected a whole number of at least 1, found ${text}`);
  return Number(text);
}
