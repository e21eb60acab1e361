import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const oldest = [20, 19, 0] as const;

/** Does Node 20.19.0 satisfy a range such as `^18.17.0 || >=20.5.0`? */
function admitsOldest(range: string): boolean {
  return range.split('||').some((alternative) =>
    alternative
      .replace(/([<>=^~]+)\s+/g, '$1')
      .trim()
      .split(/\s+/)
      .every((comparator) => satisfies(comparator)),
  );
}

function satisfies(comparator: string): boolean {
  const [, operator = '', numbers = ''] = /^([<>=^~]*)v?([\d.]*)/.exec(comparator) ?? [];
  if (numbers === '') return true;
  const wanted = numbers.split('.').filter(Boolean).map(Number);
  const difference = [0, 1, 2].map((i) => (oldest[i] ?? 0) - (wanted[i] ?? 0)).find((n) => n !== 0) ?? 0;
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  if (operator === '>') return difference > 0;
  const sameMajor = wanted[0] === oldest[0];
  return operator === '>=' ? difference >= 0 : sameMajor && difference >= 0;
}

test('the package and everything that it installs work on Node 20.19', async () => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(`../../../${name}`, import.meta.url), 'utf8'));
  const { engines } = (await read('package.json')) as { engines: { node: string } };
  expect(engines.node).toBe('>=20.19');
  const { packages } = (await read('package-lock.json')) as {
    packages: Record<string, { engines?: { node?: string } }>;
  };
  const refusing = Object.entries(packages).filter(
    ([, { engines: { node } = {} }]) => !admitsOldest(node ?? '*'),
  );
  expect(refusing.map(([name]) => name)).toEqual([]);
  expect(['>=22', '^18.0.0', '>=23.5.0 || ^22.13.0', '<20'].filter(admitsOldest)).toEqual([]);
});
