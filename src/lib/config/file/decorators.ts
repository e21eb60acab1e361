import { ConfigError, messageOf } from '../../errors.js';
import { type Suggestion, suggestOther } from '../../suggestion.js';

interface BabelFile {
  readonly path: {
    traverse(visitor: {
      Decorator(found: { readonly node: { readonly loc?: Location | null } }): void;
    }): void;
  };
}

interface Location {
  readonly start: { readonly line: number; readonly column: number };
}

const mark = 'decorators are not compiled: ';

/**
 * A Babel preset that refuses decorators before anything is compiled: what Babel makes of them is not what tsc makes
 * (fields that are only declared fail, replaced methods vanish).
 */
export function refuseDecorators(): object {
  return { plugins: [() => ({ pre: refuseIn })] };
}

function refuseIn({ path }: BabelFile): void {
  path.traverse({
    Decorator({ node: { loc } }) {
      throw new Error(`${mark}${loc?.start.line}:${(loc?.start.column ?? 0) + 1}`);
    },
  });
}

/** `file:line:column` of the decorator that made loading fail: jiti ends its message with the file, and no position. */
export function decoratorIn(error: unknown): string | undefined {
  const found = /decorators are not compiled: (\d+:\d+)\s+(\S.*):0:0\s*$/.exec(messageOf(error));
  return found ? `${found[2]}:${found[1]}` : undefined;
}

/** For a file that only the TypeScript compiler itself compiles as it is meant. */
export function compileIt(file: string): Suggestion {
  return suggestOther('npx', ['tsc'], { note: `then use the .js file that it makes of ${file}` });
}

/** What to do instead. `position` is that of the decorator. */
export function decoratorError(file: string, position: string): ConfigError {
  return new ConfigError(
    `can't load ${file}: there is a decorator at ${position}, and TypeScript is only compiled without decorators here`,
    [],
    { suggestions: [compileIt(file)] },
  );
}
