import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { logLines } from '../../../src/lib/observe/log-lines.js';
import { codeSpans, readDoc, tableRows } from '../../support/markdown.js';

const source = (name: string): Promise<string> =>
  readFile(new URL(`../../../src/lib/${name}`, import.meta.url), 'utf8');

const doc = await readDoc('operations.md');

/** What is logged, as far as it is the same each time: level, and message up to its first variable part. */
function loggedIn(text: string): { readonly level: string; readonly message: string }[] {
  const calls = [...text.matchAll(/\blog\.(debug|info|warn|error|fatal)\(([^]*?)\n? *\);/g)];
  return calls.map(([, level = '', said = '']) => {
    const texts = [...said.matchAll(/'([^']+)'|`([^`]+)`/g)].map(
      ([, plain, template]) => plain ?? template ?? '',
    );
    return { level, message: (texts.at(-1) ?? '').replace(/\$\{.*$/, '') };
  });
}

describe('docs/operations.md', () => {
  test('has a row for every message that pipeline run logs, with its level', async () => {
    const logged = [
      ...Object.values(logLines).flatMap((lines) =>
        lines.map(({ level, text }) => ({ level: level as string, message: text })),
      ),
      ...loggedIn(await source('cli/run/run-until-signal.ts')),
      ...loggedIn(await source('cli/run/watch/run-watched.ts')),
      ...loggedIn(await source('cli/run/elsewhere/log-elsewhere.ts')),
    ];
    expect(logged.length).toBeGreaterThan(35);
    const rows = tableRows(doc).filter(({ section }) => section === 'Logs');
    const missing = logged.filter(
      ({ level, message }) =>
        !rows.some(
          ({ cells }) =>
            cells[0]?.split(', ').includes(level) &&
            codeSpans(cells[1] ?? '').some((span) => span.startsWith(message.trimEnd())),
        ),
    );
    expect(missing).toEqual([]);
  });

  test('names every variable of the environment that is read', async () => {
    const read = [...(await source('connection/environment.ts')).matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(
      ([, name]) => name ?? '',
    );
    expect(read).toContain('NATS_URL');
    expect(read.filter((name) => !codeSpans(doc).includes(name))).toEqual([]);
  });
});
