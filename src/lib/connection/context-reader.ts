import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.js';
import { type CredentialsKind, checkCredentials, readCredentials, requireFile } from './credentials.js';
import type { Environment } from './environment.js';

export type ContextFields = Readonly<Record<string, unknown>>;

/** Reads fields of one context; a value may be a reference (`file://`, `env://`, `data:`). */
export class ContextReader {
  constructor(
    private readonly name: string,
    private readonly fields: ContextFields,
    private readonly environment: Environment,
  ) {}

  problem(field: string, why: string): UsageError {
    return new UsageError(`context ${this.name}: ${field}: ${why}`, { code: 'CONTEXT_INVALID' });
  }

  /** A text field; an empty one counts as absent. */
  text(field: string): string | undefined {
    const value = this.fields[field];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw this.problem(field, 'expected a string');
    return value;
  }

  flag(field: string): boolean {
    return this.fields[field] === true;
  }

  /** A path to a file that must exist, `~` and `$VAR` replaced. */
  async file(field: string): Promise<string | undefined> {
    const written = this.text(field);
    if (written === undefined) return undefined;
    const scheme = schemeOf(written);
    if (scheme !== undefined && scheme !== 'file') {
      throw this.problem(field, `expected a file, found a reference of the kind ${scheme}`);
    }
    return requireFile(
      `context ${this.name}: ${field}`,
      this.expand(withoutScheme(written)),
      this.environment,
    );
  }

  /** The contents of a credentials file or of what a reference names. */
  async credentials(field: CredentialsKind): Promise<string | undefined> {
    const written = this.text(field);
    if (written === undefined) return undefined;
    const from = `context ${this.name}: ${field}`;
    const scheme = schemeOf(written);
    if (scheme === undefined || scheme === 'file') {
      return readCredentials(field, from, this.expand(withoutScheme(written)), this.environment);
    }
    return checkCredentials(field, from, await this.resolve(field, scheme, written));
  }

  /** A secret written out, or what a reference names. */
  async secret(field: string): Promise<string | undefined> {
    const written = this.text(field);
    if (written === undefined) return undefined;
    const scheme = schemeOf(written);
    if (scheme === undefined) return written;
    return (await this.resolve(field, scheme, written)).replace(/[\r\n]+$/, '');
  }

  private async resolve(field: string, scheme: Scheme, written: string): Promise<string> {
    switch (scheme) {
      case 'file': {
        const from = `context ${this.name}: ${field}`;
        return readFile(
          await requireFile(from, this.expand(withoutScheme(written)), this.environment),
          'utf8',
        );
      }
      case 'env': {
        const variable = withoutScheme(written);
        const value = this.environment.variables[variable];
        if (!value) throw this.problem(field, `the variable ${variable} is not set`);
        return value;
      }
      case 'data': {
        const found = /^data:[^,]*;\s*base64\s*(?:;[^,]*)?,([A-Za-z0-9+/]*={0,2})$/i.exec(written);
        if (!found) throw this.problem(field, 'expected a reference like data:;base64,…');
        return Buffer.from(found[1] ?? '', 'base64').toString('utf8');
      }
      default:
        throw this.problem(
          field,
          `references of the kind ${scheme}:// are not supported; use a file, env:// or file://`,
        );
    }
  }

  private expand(written: string): string {
    const replaced = written.replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_, braced: string | undefined, plain: string | undefined) =>
        this.environment.variables[braced ?? plain ?? ''] ?? '',
    );
    return replaced.startsWith('~') ? this.environment.home + replaced.slice(1) : replaced;
  }
}

type Scheme = 'file' | 'env' | 'op' | 'nsc' | 'data';

function schemeOf(written: string): Scheme | undefined {
  const found = /^(?:(file|env|op|nsc):\/\/|(data):)/i.exec(written);
  return (found?.[1] ?? found?.[2])?.toLowerCase() as Scheme | undefined;
}

function withoutScheme(written: string): string {
  return written.replace(/^[a-z]+:\/\//i, '');
}
