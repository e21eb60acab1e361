import { readFile } from 'node:fs/promises';
import {
  type ElementNode,
  type MemberNode,
  parse as parseWithPositions,
  type ValueNode,
} from '@humanwhocodes/momoa';
import { ConfigError, type ConfigProblem, messageOf } from '../errors.js';
import { formatPath, type Path } from './problems.js';

/** A JSON file: its value, and the line (from 1) that a key or element of it stands in. */
export interface JsonFile {
  readonly value: unknown;
  readonly lineOf: (path: Path) => number | undefined;
}

/**
 * Reads a JSON config.
 *
 * Throws ConfigError with line and column of what is not JSON, or with each key that stands twice in one object.
 */
export async function readJson(file: string): Promise<JsonFile> {
  const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  const value = parse(text, file);
  const body = positionsIn(text, file);
  const twice = duplicatesIn(body);
  if (twice.length > 0) {
    throw new ConfigError(`${file} has the same key more than once:`, twice, {
      suggestions: ['keep one of them, or rename the other: the first would be ignored'],
    });
  }
  return { value, lineOf: (path) => lineOf(body, path) };
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const at = firstBadPosition(text);
    const before = text.slice(0, at).split('\n');
    const where = `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    const found = at >= text.length ? 'end of the file' : JSON.stringify(text[at]);
    throw new ConfigError(`${where}: not valid JSON: unexpected ${found}`, [], {
      suggestions: text[at] === '/' ? ['JSON has no comments; plutomi-events.config.mjs may have some'] : [],
    });
  }
}

function positionsIn(text: string, file: string): ValueNode {
  try {
    return parseWithPositions(text).body;
  } catch (error) {
    // JSON.parse has taken it: it is nested deeper than any config.
    throw new ConfigError(`${file}: can't be read: ${messageOf(error)}`, [], { cause: error });
  }
}

function duplicatesIn(node: ValueNode, path: Path = []): ConfigProblem[] {
  if (node.type === 'Array')
    return node.elements.flatMap(({ value }, i) => duplicatesIn(value, [...path, i]));
  if (node.type !== 'Object') return [];
  const first = new Map<string, number>();
  return node.members.flatMap((member) => {
    const key = nameOf(member);
    const { line } = member.loc.start;
    const earlier = first.get(key);
    first.set(key, earlier ?? line);
    const below = duplicatesIn(member.value, [...path, key]);
    if (earlier === undefined) return below;
    const message = `the same key stands in line ${earlier}`;
    return [{ path: formatPath([...path, key]), line, message }, ...below];
  });
}

/** Of the last part of the path that is there. */
function lineOf(node: ValueNode, path: Path): number | undefined {
  let line: number | undefined;
  let at: ValueNode = node;
  for (const part of path) {
    const inner = childOf(at, part);
    if (inner === undefined) break;
    line = inner.loc.start.line;
    at = inner.value;
  }
  return line;
}

function childOf(node: ValueNode, part: string | number): MemberNode | ElementNode | undefined {
  if (node.type === 'Object') return node.members.find((member) => nameOf(member) === part);
  return node.type === 'Array' ? node.elements[Number(part)] : undefined;
}

function nameOf({ name }: MemberNode): string {
  return name.type === 'String' ? name.value : name.name;
}

/** How much of the text is the beginning of a JSON value; V8 tells the position of an error only sometimes. */
function firstBadPosition(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (canContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Does the text fail, if at all, only because it ends too early? */
function canContinue(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated string/.test(message) || Number(position) >= start.length;
  }
}
