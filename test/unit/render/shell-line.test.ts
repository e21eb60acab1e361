import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellLine } from '../../../src/lib/render/shell-line.js';

const words = [
  'printf',
  "'%s|'",
  '--consumer',
  'old-mailer',
  '--reason',
  "'its consumer  is gone'",
  '"x y"z',
];
const line = words.join(' ');

test('a line that fits is left alone', () => {
  expect(shellLine(line, line.length)).toBe(line);
});

test.each([60, 40, 20, 1])('at %d columns a shell reads the same', (width) => {
  const shown = shellLine(line, width);
  expect(execFileSync('sh', ['-c', shown], { encoding: 'utf8' })).toBe(
    '--consumer|old-mailer|--reason|its consumer  is gone|x yz|',
  );
  const widest = Math.max(...shown.split('\n').map(({ length }) => length));
  expect(widest).toBeLessThanOrEqual(Math.max(width, `    ${words[5]} \\`.length));
});
