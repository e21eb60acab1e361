import { parseArgs } from 'node:util';

/**
 * The flags of a script of ours, as `parseArgs` reads them; `count: true` is a whole number. Where they are wrong it says
 * so, names those that there are, and ends with 2.
 *
 * @param {string} name of the script, as its lines begin
 * @param {Record<string, any>} options
 * @returns {any}
 */
export function readFlags(name, options) {
  let values;
  try {
    ({ values } = parseArgs({ options }));
    for (const [flag, { count }] of Object.entries(options)) {
      if (count === true && values[flag] !== undefined) values[flag] = countOf(flag, values[flag]);
    }
  } catch (error) {
    const flags = Object.entries(options).map(
      ([flag, { type }]) => `--${flag}${type === 'string' ? ' <value>' : ''}`,
    );
    process.stderr.write(`${name}: ${error.message.split('. ')[0]}\nit takes ${flags.join(', ')}\n`);
    process.exit(2);
  }
  return values;
}

function countOf(flag, text) {
  if (!/^[1-9]\d*$/.test(text))
    throw new Error(`--${flag}: expected a whole number of at least 1, found ${text}`);
  return Number(text);
}
