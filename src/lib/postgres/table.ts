import { escapeLine } from '../domain/escape.js';
import { OperationError, UsageError } from '../errors.js';
import type { Suggestion } from '../suggestion.js';

const word = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/** A table by its name, and its schema where that is named. */
export class Table {
  /** As it stands in SQL. */
  readonly sql: string;
  /** Its name without the schema, as a part of other names. */
  readonly base: string;

  /** Throws UsageError for what is no plain name. */
  constructor(readonly name: string) {
    const parts = name.split('.');
    if (parts.length > 2 || !parts.every((part) => word.test(part)))
      throw new UsageError(
        `expected a table as <name> or <schema>.<name> of letters, digits and _, found "${escapeLine(name)}"`,
      );
    this.sql = parts.map((part) => `"${part}"`).join('.');
    this.base = parts.at(-1) ?? name;
  }

  /** An index of it: at most as long as names may be. */
  index(suffix: string): string {
    return `"${this.base.slice(0, 62 - suffix.length)}_${suffix}"`;
  }

  /** What a missing table means; any other error as it is. */
  explain(error: unknown, suggestions: readonly Suggestion[]): unknown {
    const { code } = error as { readonly code?: unknown };
    // undefined_table, invalid_schema_name
    if (code !== '42P01' && code !== '3F000') return error;
    return new OperationError(`there is no table ${this.name}`, {
      code: 'NO_TABLE',
      cause: error,
      suggestions,
    });
  }
}

/** Two that create the same table at once would refuse each other. In one implicit transaction with what follows. */
export function createSql(statements: string): string {
  return `select pg_advisory_xact_lock(${createLock});\n${statements}`;
}

/** A number that others hardly use. */
const createLock = 7_164_837_293_201;
