// What a Dockerfile says: its stages, each with its instructions in order.

/** @returns {{ name: string, from: string, steps: { word: string, flags: Record<string, string>, text: string }[] }[]} */
export function readDockerfile(text) {
  const args = {};
  const stages = [];
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  for (const line of lines.filter((one) => one.trim() !== '')) {
    const [, word, rest] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (word === undefined) throw new Error(`not an instruction: ${line}`);
    const filled = rest.replaceAll(/\$\{(\w+)\}/g, (whole, name) => args[name] ?? whole);
    if (word === 'ARG') {
      const [name, value = ''] = filled.split('=');
      args[name] = value;
    } else if (word === 'FROM') {
      const [from, , name] = filled.split(' ');
      stages.push({ name, from, steps: [] });
    } else stages.at(-1).steps.push({ word, ...flagsOf(filled) });
  }
  return stages;
}

function flagsOf(text) {
  const flags = {};
  let rest = text;
  for (let found; (found = /^--([a-z-]+)=(\S+) +/.exec(rest)); rest = rest.slice(found[0].length)) {
    flags[found[1]] = found[2];
  }
  return { flags, text: rest };
}

/** The words of an instruction in JSON's form. */
export function wordsOf(text) {
  return JSON.parse(text.replace(/^CMD +/, ''));
}
