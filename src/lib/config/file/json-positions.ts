import {
  type ElementNode,
  type MemberNode,
  parse as parseWithPositions,
  type ValueNode,
} from '@humanwhocodes/momoa';
import { ConfigError, type ConfigProblem, messageOf } from '../../errors.js';
import { formatPath, type Path } from '../validation/problems.js';

/** Where the keys and elements of a JSON text stand. */
export interface JsonPositions {
  /** Each key that stands twice in one object, with both lines. */
  readonly duplicates: () => ConfigProblem[];
  /** The line, from 1, of the last part of the path that is there. */
  readonly lineOf: (path: Path) => number | undefined;
}

/** Of a text that is valid JSON. Throws ConfigError where it is nested deeper than any config. */
export function positionsIn(text: string, file: string): JsonPositions {
  const body = bodyOf(text, file);
  return { duplicates: () => duplicatesIn(body), lineOf: (path) => lineOf(body, path) };
}

function bodyOf(text: string, file: string): ValueNode {
  try {
    return parseWithPositions(text).body;
  } catch (error) {
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
    const message = `the same key is already in line ${earlier}`;
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
