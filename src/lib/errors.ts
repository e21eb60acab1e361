/**
 * One base class for every error that this project throws on purpose.
 *
 * `code` is stable and machine-readable; `suggestions` are commands or edits that the reader can carry
 * out next, as data; `exitCode` is what the CLI exits with.
 */

import type { Suggestion } from './suggestion.js';

/** 1 failed or refused · 2 usage or config · 3 changes pending · 4 connection or permission · 5 partly done · 130 interrupted. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 130;

/** What an error says besides its message. */
export interface ErrorFacts {
  /** What to do next. Default: nothing. */
  readonly suggestions?: readonly Suggestion[];
  /** What it came from. */
  readonly cause?: unknown;
}

/** Of an error whose class has several codes. */
export interface CodedFacts extends ErrorFacts {
  /** Stable, for programs. Default: that of the class. */
  readonly code?: string;
}

/** The base of every error that this library throws on purpose. */
export abstract class PlutomiError extends Error {
  /** Stable, for programs, e.g. `NOT_FOUND`. */
  abstract readonly code: string;
  /** What the command line exits with. */
  readonly exitCode: ExitCode = 1;
  /** What to do next, as data; `renderSuggestion` turns each into text. */
  readonly suggestions: readonly Suggestion[];

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.suggestions = facts.suggestions ?? [];
  }
}

/** The command line is wrong: a flag, an argument, or a missing `--yes`. */
export class UsageError extends PlutomiError {
  /** `USAGE`, unless something more exact is known. */
  readonly code: string;
  /** Usage or config. */
  override readonly exitCode = 2;
  constructor(message: string, facts: CodedFacts = {}) {
    super(message, facts);
    this.code = facts.code ?? 'USAGE';
  }
}

/** A problem of the config file: `path` is where, `message` what was expected and found. */
export interface ConfigProblem {
  /** Where, as `consumers.orders.attempts`; empty: the whole file. */
  readonly path: string;
  /** Of a JSON or YAML config, from 1. */
  readonly line?: number;
  /** In that line, from 1. */
  readonly column?: number;
  /** What was expected, and what was found. */
  readonly message: string;
}

/** The config file is missing, unreadable or invalid. All of its problems at once. */
export class ConfigError extends PlutomiError {
  /** `CONFIG_INVALID`, unless something more exact is known. */
  readonly code: string;
  /** Usage or config. */
  override readonly exitCode = 2;
  constructor(
    /** The message without the problems, which stand below it, one a line. */
    readonly summary: string,
    /** Every problem of the file, in the order of its keys. */
    readonly problems: readonly ConfigProblem[] = [],
    facts: CodedFacts = {},
  ) {
    super([summary, ...problems.map(problemLine)].join('\n'), facts);
    this.code = facts.code ?? 'CONFIG_INVALID';
  }
}

function problemLine({ line, column, path, message }: ConfigProblem): string {
  const inLine = column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
  return `  ${line === undefined ? '' : `${inLine}: `}${path}: ${message}`;
}

/** The server can't be reached, or the credentials are refused. */
export class ConnectionError extends PlutomiError {
  /** `CANNOT_CONNECT`, `UNREACHABLE`, `NOT_ALLOWED` and others. */
  readonly code: string;
  /** Connection or permission. */
  override readonly exitCode = 4;
  constructor(message: string, facts: CodedFacts = {}) {
    super(message, facts);
    this.code = facts.code ?? 'CANNOT_CONNECT';
  }
}

/** The operation was refused, or failed, for a reason that is not usage, config or connection. */
export class OperationError extends PlutomiError {
  /** `FAILED`, unless something more exact is known: `NOT_FOUND`, `NOT_APPLIED` and others. */
  readonly code: string;
  constructor(message: string, facts: CodedFacts = {}) {
    super(message, facts);
    this.code = facts.code ?? 'FAILED';
  }
}

/** Ctrl-C, or SIGTERM before the work was done. */
export class InterruptedError extends PlutomiError {
  /** Always `INTERRUPTED`. */
  readonly code = 'INTERRUPTED';
  /** Interrupted. */
  override readonly exitCode = 130;
  constructor(message = 'interrupted', facts: ErrorFacts = {}) {
    super(message, facts);
  }
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  try {
    return String(thrown);
  } catch {
    return 'a value that cannot be converted to a string';
  }
}
