import { isDeepStrictEqual } from 'node:util';

/** What is there at the end is not what must be there: a loss, a double, something left behind. */
export class WrongEndState extends Error {}

/** Compares facts by name; all that differ are told at once. */
export function expectEndState(what, found, expected) {
  const wrong = Object.keys(expected)
    .filter((name) => !isDeepStrictEqual(found[name], expected[name]))
    .map(
      (name) => `${name}: expected ${JSON.stringify(expected[name])}, found ${JSON.stringify(found[name])}`,
    );
  if (wrong.length > 0) throw new WrongEndState(`${what}: wrong end state: ${wrong.join('; ')}`);
}
