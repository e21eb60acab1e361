import type { ESTree } from 'vite';
import { beforeAll, expect, test } from 'vitest';
import { memberOf, nameOf, parseSource, type Place, readSources, type Source } from '../../support/syntax.js';

/** Each of these keeps what the parser says to itself. */
const parsers = [
  'lib/connection/nats-context.ts',
  'lib/config/file/read-json.ts',
  'lib/domain/decode.ts',
  'lib/domain/numbers.ts',
  'lib/examples/catalog.ts',
  'lib/examples/packages.ts',
  'lib/nats/connect/connect.ts',
  'lib/dev-server/ready.ts',
  'lib/dev-server/state.ts',
  'lib/observe/log.ts',
];

/** Looks at the message for the position, and keeps the rest. */
const reading = 'lib/config/file/read-json.ts: the message is caught';

/** What it parses it has written itself. */
const sure = 'lib/observe/log.ts: nothing catches the message';

let sources: Source[] = [];

beforeAll(async () => {
  sources = await readSources();
});

/** JSON.parse, called or handed on: `JSON.parse`, `JSON['parse']`, `const { parse } = JSON`. */
function isParser({ node }: Place): boolean {
  if (node.type === 'MemberExpression') return nameOf(node.object) === 'JSON' && memberOf(node) === 'parse';
  return node.type === 'VariableDeclarator' && node.init != null && nameOf(node.init) === 'JSON';
}

/** The ways by which the message of a parser gets out of a file. */
function escapesIn(source: Source): string[] {
  return source.places.filter(isParser).flatMap((place) => {
    const tries = [...enclosingTries(place)];
    const ways: string[] = [];
    if (tries.some(({ block }) => block.handler?.param)) ways.push('the message is caught');
    if (!tries.some(({ block, sameFunction }) => sameFunction && block.handler))
      ways.push('nothing catches the message');
    return ways.map((way) => `${source.file}: ${way}`);
  });
}

/** The try blocks around; `sameFunction`: with no function in between, which may be called when the block is left. */
function* enclosingTries({ node, around }: Place): Generator<{
  readonly block: ESTree.TryStatement;
  readonly sameFunction: boolean;
}> {
  let inside = node;
  let sameFunction = true;
  for (const one of around) {
    if (/Function/.test(one.type)) sameFunction = false;
    if (one.type === 'TryStatement' && one.block === inside) yield { block: one, sameFunction };
    inside = one;
  }
}

test('JSON is parsed where the message of the parser, which quotes the text, gets no further', () => {
  const parsing = sources.filter(({ places }) => places.some(isParser)).map(({ file }) => file);
  expect(parsing.toSorted()).toEqual(parsers.toSorted());
  expect([...new Set(sources.flatMap(escapesIn))].toSorted()).toEqual([reading, sure]);
});

test.each([
  'JSON.parse(text);',
  'const f = (text: string) => JSON.parse(text);',
  "JSON['parse'](text);",
  'texts.map(JSON.parse);',
  'const { parse } = JSON;',
  'try { f(); } catch { JSON.parse(text); }',
  'try { f(); } catch {} finally { JSON.parse(text); }',
  'try { JSON.parse(text); } finally { f(); }',
  'try { return () => JSON.parse(text); } catch {}',
  'try { JSON.parse(text); } catch (error) { f(error); }',
  'try { if (a) { f(); } JSON.parse(text); } catch (error) { f(error); }',
  'try { JSON.parse(text); if (a) { f(); } } catch (error) { f(error); }',
  'try { const { a } = JSON.parse(text) as {}; f({ a }); } catch ({ message }) { f(message); }',
  'try { texts.map((text) => { return JSON.parse(text); }); } catch (error) { f(error); }',
  'try { try { JSON.parse(text); } finally { f(); } } catch (error) { f(error); }',
])('found: %s', async (text) => {
  expect(escapesIn(await parseSource(`async function all() { ${text} }`))).not.toEqual([]);
});

test.each([
  'try { f(JSON.parse(text)); } catch { g(); }',
  'try { try { JSON.parse(text); } finally { f(); } } catch { g(); }',
  'JSON.stringify(text);',
])('not refused: %s', async (text) => {
  expect(escapesIn(await parseSource(text))).toEqual([]);
});
