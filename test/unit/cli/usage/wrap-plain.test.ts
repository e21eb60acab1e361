import { readFileSync } from 'node:fs';
import { HelpBase } from '@oclif/core/help';
import type { Config } from '@oclif/core/interfaces';
import { describe, expect, test } from 'vitest';
import { wrapPlain } from '../../../../src/lib/cli/usage/wrap-plain.js';

class Formatter extends HelpBase {
  constructor(maxWidth: number) {
    super({ topicSeparator: ' ' } as Config, { maxWidth });
  }

  showHelp = (): never => {
    throw new Error('shows none');
  };

  showCommandHelp = this.showHelp;
}

const manifest = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as {
  readonly commands: Readonly<Record<string, { readonly summary: string; readonly description?: string }>>;
};
const texts = Object.values(manifest.commands)
  .flatMap(({ summary, description = '' }) => [summary, description])
  .filter((text) => !text.includes('<%'));

describe('wrapPlain', () => {
  test.each([30, 47, 78, 100])('breaks what commands say as oclif does, at %i columns', (columns) => {
    const oclif = new Formatter(columns);
    let broken = 0;
    for (const text of [...texts, '', ' ', ' a  b ', 'a\n\n  b  c\n', 'word '.repeat(40)]) {
      const found = wrapPlain(text, columns);
      if (found === undefined) continue;
      broken++;
      expect(found).toBe(oclif.wrap(text, 0));
    }
    expect(broken).toBeGreaterThan(texts.length / 2);
  });

  test('leaves what is not plain, and words longer than a line, to oclif', () => {
    expect(wrapPlain('naïve', 80)).toBeUndefined();
    expect(wrapPlain('\u001B[1mbold\u001B[22m', 80)).toBeUndefined();
    expect(wrapPlain('abcdef', 5)).toBeUndefined();
  });
});
