import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Each of these keeps what the parser says to itself. */
const parsers = [
  'lib/connection/nats-context.ts',
  'lib/config/file/read-json.ts',
  'lib/domain/decode.ts',
  'lib/domain/numbers.ts',
  'lib/nats/connect/connect.ts',
  'lib/dev-server/ready.ts',
  'lib/dev-server/state.ts',
  'lib/observe/log.ts',
];

test('JSON is parsed where the message of the parser, which quotes the text, gets no further', async () => {
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const parsing: string[] = [];
  for (const file of files) {
    const text = await readFile(`${root}${file}`, 'utf8');
    if (/\bJSON\.parse\(/.test(text)) parsing.push(file);
    // `catch (error)` around a parser is how its message gets out.
    expect([file, /JSON\.parse\([^}]*\}\s*catch \(/.test(text)]).toEqual([
      file,
      file.endsWith('read-json.ts'),
    ]);
  }
  expect(parsing.filter((file) => !parsers.includes(file))).toEqual([]);
});
