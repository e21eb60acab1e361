import type { ConfigProblem } from '../../errors.js';
import { formatPath, type Path, type Position, type PositionOf } from '../validation/problems.js';

/** Where the keys and elements of a value stand in its text. */
export interface Located {
  readonly children: () => readonly LocatedChild[];
}

export interface LocatedChild {
  readonly key: string | number;
  readonly at: Position;
  readonly value: Located;
}

/** What a text file says, and where. */
export interface TextFile {
  readonly value: unknown;
  /** Gives what knows the position of a path: of its last part that is there. */
  readonly positions: () => Promise<PositionOf>;
}

export const nothingBelow: Located = { children: () => [] };

/** Each key that stands twice in one object, with both lines. */
export function duplicatesIn(value: Located, path: Path = []): ConfigProblem[] {
  const first = new Map<string | number, number>();
  return value.children().flatMap(({ key, at: { line, column }, value: inner }) => {
    const earlier = first.get(key);
    first.set(key, earlier ?? line);
    const below = duplicatesIn(inner, [...path, key]);
    if (earlier === undefined) return below;
    const message = `the same key is already in line ${earlier}`;
    return [{ path: formatPath([...path, key]), line, column, message }, ...below];
  });
}

/** Of the last part of the path that is there. */
export function positionIn(root: Located): PositionOf {
  return (path) => {
    let found: Position | undefined;
    let value = root;
    for (const part of path) {
      const child = value.children().find(({ key }) => key === part);
      if (child === undefined) break;
      found = child.at;
      value = child.value;
    }
    return found;
  };
}

/** Deeper than any config, and than a parser that calls itself can follow. */
export const deepest = 100;
