import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A row of a table in a Markdown file, without the row of its titles. */
export interface TableRow {
  /** The heading that it stands under, without `#`. */
  readonly section: string;
  readonly cells: readonly string[];
}

export interface CodeBlock {
  readonly language: string;
  readonly section: string;
  readonly text: string;
}

const folder = new URL('../../docs/', import.meta.url);

/** The text of `docs/<name>`. */
export function readDoc(name: string): Promise<string> {
  return readFile(new URL(name, folder), 'utf8');
}

/** The pages that stand outside of docs/, as seen from there. */
export const pagesElsewhere: readonly string[] = [
  '../README.md',
  '../CONTRIBUTING.md',
  '../SECURITY.md',
  '../CHANGELOG.md',
  ...(await examplePages()),
];

/** What each example says of itself. */
async function examplePages(): Promise<string[]> {
  const examples = fileURLToPath(new URL('../examples/', folder));
  const found = await readdir(examples, { recursive: true });
  const pages = found.filter((name) => name.endsWith('README.md') && !name.includes('node_modules'));
  return pages.toSorted().map((name) => `../examples/${name}`);
}

/** Names of the files in docs/, those in its folders too. */
export async function docNames(): Promise<string[]> {
  const found = await readdir(fileURLToPath(folder), { recursive: true });
  return found.filter((name) => name.endsWith('.md')).toSorted();
}

/** The rows of all tables, in order. */
export function tableRows(markdown: string): TableRow[] {
  const rows: TableRow[] = [];
  let section = '';
  let inTable = false;
  for (const { line, code } of linesOf(markdown)) {
    if (code) continue;
    section = /^#+ (.+)$/.exec(line)?.[1] ?? section;
    const isRow = line.startsWith('|');
    if (isRow && inTable && !/^\|[\s:|-]+\|$/.test(line)) rows.push({ section, cells: cellsOf(line) });
    inTable = isRow;
  }
  return rows;
}

/** A bar inside a code span, or after a backslash, belongs to its cell. */
function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\||\|$/g, '');
  const parts = inner.match(/(?:`[^`]*`|\\.|[^|`\\])*(?:\||$)/g) ?? [];
  return parts.slice(0, -1).map((part) => part.replace(/\|$/, '').trim());
}

export function codeBlocks(markdown: string, ...languages: readonly string[]): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let section = '';
  let open: { language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)/.exec(line);
    if (open && fence) {
      blocks.push({ language: open.language, section, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) open = { language: fence[1] ?? '', lines: [] };
    else section = /^#+ (.+)$/.exec(line)?.[1] ?? section;
  }
  return languages.length === 0 ? blocks : blocks.filter(({ language }) => languages.includes(language));
}

/** The text without its code blocks. */
export function prose(markdown: string): string {
  return markdown.replace(/^```[^]*?^```/gm, '');
}

/** The code spans outside of code blocks: what stands between backticks. */
export function codeSpans(markdown: string): string[] {
  return [...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? '');
}

function* linesOf(markdown: string): Generator<{ readonly line: string; readonly code: boolean }> {
  let code = false;
  for (const line of markdown.split('\n')) {
    const fence = line.startsWith('```');
    yield { line, code: code || fence };
    if (fence) code = !code;
  }
}
