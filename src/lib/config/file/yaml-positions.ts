import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
} from 'yaml';
import type { ConfigProblem } from '../../errors.js';
import type { Position } from '../validation/problems.js';
import { type Located, type LocatedChild, nothingBelow } from './positions.js';

type PositionAt = (offset: number) => Position;

/** Aliases that stand for nothing, or for something that they are part of. */
export function aliasProblems(document: Document.Parsed, positionAt: PositionAt): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Alias(_key, alias) {
      const message = problemOf(alias, document);
      const at = positionAt(alias.range?.[0] ?? 0);
      if (message !== undefined) problems.push({ path: `*${alias.source}`, ...at, message });
    },
  });
  return problems;
}

function problemOf(alias: Alias, document: Document.Parsed): string | undefined {
  const meant = alias.resolve(document);
  if (meant === undefined) return `there is no &${alias.source} before it`;
  const [from = 0, , to = 0] = meant.range ?? [];
  const at = alias.range?.[0] ?? 0;
  return from <= at && at < to ? `it stands for something that it is part of` : undefined;
}

/** Where the keys and elements of a document stand; also by way of its aliases, or without what they stand for. */
export function locateYaml(
  document: Document.Parsed,
  positionAt: PositionAt,
): { readonly whole: Located; readonly withoutAliases: Located } {
  const { contents } = document;
  return {
    whole: locate(contents, positionAt, (alias) => alias.resolve(document)),
    withoutAliases: locate(contents, positionAt, () => undefined),
  };
}

function locate(node: unknown, positionAt: PositionAt, follow: (alias: Alias) => Node | undefined): Located {
  const meant = isAlias(node) ? follow(node) : node;
  const inner = (one: unknown) => locate(one, positionAt, follow);
  if (isMap(meant)) return { children: () => meant.items.map((pair) => pairOf(pair, positionAt, inner)) };
  if (!isSeq(meant)) return nothingBelow;
  return {
    children: () =>
      meant.items.map((item, key) => ({ key, at: positionAt(startOf(item)), value: inner(item) })),
  };
}

function pairOf(
  { key, value }: Pair,
  positionAt: PositionAt,
  inner: (node: unknown) => Located,
): LocatedChild {
  return { key: isScalar(key) ? String(key.value) : '', at: positionAt(startOf(key)), value: inner(value) };
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}
