import { readFile } from 'node:fs/promises';
import { type CST, Composer, type Document, LineCounter, Parser } from 'yaml';
import { ConfigError, type ConfigProblem, messageOf } from '../../errors.js';
import { textIn } from '../../connection/text-file.js';
import { deepest, duplicatesIn, type Located, positionIn, type TextFile } from './positions.js';
import type { Position } from '../validation/problems.js';
import { sameKeys, tooDeep } from './read-json.js';
import { aliasProblems, locateYaml } from './yaml-positions.js';

/** As many as a person could mean: what they stand for multiplies. */
const mostAliases = 100;

/** Plain data of YAML 1.2: keys are text, and there are no types besides those of JSON. */
const plain = {
  version: '1.2',
  schema: 'core',
  stringKeys: true,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
} as const;

/**
 * Reads a YAML config: one document of plain data.
 *
 * Throws ConfigError with line and column of what is not YAML, or no such data, or with each key that stands twice.
 */
export async function readYaml(file: string): Promise<TextFile> {
  const text = textIn(file, await readFile(file));
  const lines = new LineCounter();
  const [document, second] = parse(text, file, lines);
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const [wrong] = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const refused = (offset: number, why: string) =>
    notYaml({ file, text, offset, at: positionAt(offset) }, why);
  if (wrong) throw refused(wrong.pos[0], wrong.message);
  if (second) throw refused(second.range[0], 'expected a single document');
  refuse(file, aliasProblems(document, positionAt));
  const located = locateYaml(document, positionAt);
  if (duplicatesIn(located.withoutAliases).length > 0) throw sameKeys(file, located.withoutAliases);
  const whole: Located = located.whole;
  return { value: valueOf(document, file), positions: async () => positionIn(whole) };
}

function parse(
  text: string,
  file: string,
  lines: LineCounter,
): [first: Document.Parsed, second?: Document.Parsed] {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer calls itself for each level.
  for (const token of tokens) if (depthOf(token) > deepest) throw tooDeep(file);
  // There is always one, since it is told to make one of nothing.
  return [...new Composer(plain).compose(tokens, true, text.length)] as [Document.Parsed, Document.Parsed?];
}

function depthOf(token: CST.Token): number {
  let depth = 0;
  for (let level: (CST.Token | undefined | null)[] = [token]; level.length > 0; depth++) {
    if (depth > 2 * deepest) return depth;
    level = level.flatMap((one) => {
      if (one == null) return [];
      if ('items' in one) return one.items.flatMap(({ key, value }) => [key, value]);
      return one.type === 'document' ? [one.value] : [];
    });
  }
  return depth;
}

interface Place {
  readonly file: string;
  readonly text: string;
  readonly offset: number;
  readonly at: Position;
}

function notYaml({ file, text, offset, at: { line, column } }: Place, why: string): ConfigError {
  return new ConfigError(`${file}:${line}:${column}: not valid YAML: ${why}`, [], {
    suggestions: suggestionsFor(text, offset),
  });
}

function suggestionsFor(text: string, offset: number): string[] {
  if (text[offset] === '{' && text[offset - 1] === '$')
    return ['inside of { } and [ ], put "${…}" in quotes'];
  return text[offset] === '\t' ? ['indent with spaces: YAML has no tabs'] : [];
}

function refuse(file: string, problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(`${file} is not valid YAML:`, problems);
}

function valueOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    const why =
      error instanceof ReferenceError
        ? `its aliases stand for more than ${mostAliases} values`
        : messageOf(error);
    throw new ConfigError(`${file}: can't be read: ${why}`, [], { cause: error });
  }
}
