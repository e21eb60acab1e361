import type { ConfigProblem } from '../../errors.js';

/** Keys and indexes from the root of a config to a value. */
export type Path = readonly (string | number)[];

/** Where something stands in a text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of a path's last part that is there. */
export type PositionOf = (path: Path) => Position | undefined;

/** `consumers.mailer.backoff[0]`, `events["totp.requested"].subject`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text === '' ? '(whole file)' : text;
}

/** The path that a text like that of `formatPath` names; each part is a key or an index. */
export function parsePath(text: string): Path {
  const parts = text.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g);
  return [...parts].map(([, index, quoted, plain = '']) =>
    index !== undefined ? Number(index) : quoted !== undefined ? quoted.replaceAll(/\\(.)/g, '$1') : plain,
  );
}

/** What was found, short enough for a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return showText(withoutUserInfo(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function showText(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** Of a URL, or a list of them, only from the last @ on: where it is no URL, a password may have any characters. */
function withoutUserInfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]{0,19}:\/\/).*@/is, '$1…@');
}

/** `"a", "b"`. */
export function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ');
}

/** As `show`, for values that may hold a secret: no more than the scheme of a URL. */
export function showHidden(value: unknown): string {
  if (typeof value !== 'string') return show(value);
  const scheme = /^[a-z][a-z0-9+.-]{0,19}:\/\//i.exec(value)?.[0];
  return scheme === undefined ? 'a string that is not one (not shown: it may hold a secret)' : `"${scheme}…"`;
}

/** The value at a path, or undefined when the way there ends early. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Collects the problems of one config, and knows which of its values can't be relied on. */
export class Problems {
  readonly all: ConfigProblem[] = [];
  readonly broken: Path[] = [];
  /** Variables that have no value. */
  readonly unset = new Set<string>();
  private readonly filling = new Set<ConfigProblem>();
  private readonly paths: Path[] = [];
  private readonly origins = new Map<string, string>();

  /** The value at this path was not written so: it came from the environment, by this text. */
  cameFrom(path: Path, written: string): void {
    this.origins.set(formatPath(path), written);
  }

  add(path: Path, message: string): void {
    const at = formatPath(path);
    const written = this.origins.get(at);
    this.all.push({
      path: at,
      message: written === undefined ? message : `${message} (by ${show(written)})`,
    });
    this.paths.push(path);
  }

  /** A problem of how a text is filled in, not of what may stand there. */
  addFilling(path: Path, message: string): void {
    this.addBroken(path, message);
    const [last] = this.all.slice(-1);
    if (last) this.filling.add(last);
  }

  /** Those of what may stand at a key. */
  get ofKeys(): ConfigProblem[] {
    return this.all.filter((problem) => !this.filling.has(problem));
  }

  /** All of them, each with its position where `positionOf` knows it. */
  withPositions(positionOf: PositionOf): ConfigProblem[] {
    return this.all.map((problem, i) => ({ ...problem, ...positionOf(this.paths[i] ?? []) }));
  }

  /** A problem of the value itself: what is derived from it would be a consequence, not another problem. */
  addBroken(path: Path, message: string): void {
    this.add(path, message);
    this.broken.push(path);
  }

  /** Was a problem of this very value told? */
  isBroken(path: Path): boolean {
    return this.broken.some((bad) => bad.length === path.length && startsWith(bad, path));
  }

  /** Are the values at (and below) these paths as the user meant them? */
  intact(...paths: readonly Path[]): boolean {
    return paths.every((path) => !this.broken.some((bad) => startsWith(bad, path) || startsWith(path, bad)));
  }
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, i) => path[i] === part);
}
