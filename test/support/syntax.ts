import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseAstAsync } from 'vite';

const root = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Place {
  readonly node: ESTree.Node;
  /** What it stands in, innermost first. */
  readonly around: readonly ESTree.Node[];
}

/** One file of src/, parsed. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly body: ESTree.Program['body'];
  /** Every node, in the order of the text. */
  readonly places: readonly Place[];
}

/** As if the text stood in `src/<file>`: a rule that finds nothing in a text that breaks it is none. */
export async function parseSource(text: string, file = 'lib/dlq/made-up.ts'): Promise<Source> {
  const program = await parseAstAsync(text, { lang: 'ts' });
  const places: Place[] = [];
  visit(program, [], places);
  return { file, text, body: program.body, places };
}

/** All of src/. */
export async function readSources(): Promise<Source[]> {
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'));
  return Promise.all(
    files.map(async (file) => parseSource(await readFile(path.join(root, file), 'utf8'), file)),
  );
}

function visit(node: ESTree.Node, around: readonly ESTree.Node[], places: Place[]): void {
  places.push({ node, around });
  const inside = [node, ...around];
  for (const value of Object.values(node)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value as unknown]) {
      if (isNode(one)) visit(one, inside, places);
    }
  }
}

function isNode(value: unknown): value is ESTree.Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The text that a node says itself: a string, or a template up to its first hole. */
export function literalOf(node: ESTree.Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node.type === 'TemplateLiteral' ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
}

/** The name of a property, parameter or key: `a.b`, `a['b']`, `{ b }`. */
export function nameOf(node: ESTree.Node): string | undefined {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name;
  return literalOf(node);
}

/** The name of the member that is taken: `a.b`, `a?.b`, `a['b']`. */
export function memberOf(node: ESTree.MemberExpression): string | undefined {
  return node.computed ? literalOf(node.property) : nameOf(node.property);
}

/** Without what TypeScript, brackets and `await` put around it. */
export function bare(node: ESTree.Node): ESTree.Node {
  if (node.type === 'AwaitExpression') return bare(node.argument);
  return 'expression' in node &&
    /^(TS.*Expression|TSTypeAssertion|ParenthesizedExpression|ChainExpression)$/.test(node.type)
    ? bare(node.expression as ESTree.Node)
    : node;
}
