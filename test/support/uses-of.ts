import type { ESTree } from 'vite';
import { importsOf, loadedBy } from './imports-of.js';
import { bare, memberOf, nameOf, type Source } from './syntax.js';

const globals = [
  'process',
  'console',
  'Date',
  'Math',
  'JSON',
  'performance',
  'crypto',
  'globalThis',
  'global',
];
const modules: Readonly<Record<string, string>> = { perf_hooks: '', 'fs/promises': 'fs.' };

/** What a name of a module of Node is called here: `os.hostname`; that of `node:perf_hooks` is global too. */
function moduleName(from: string | undefined, name = '*'): string {
  const module = (from ?? '').replace(/^node:/, '');
  return name === '*' ? module : `${modules[module] ?? `${module}.`}${name}`;
}

/**
 * What a file takes from Node and the language, by its dotted name, however it is written: `process.env` for
 * `process['env']`, `const { env } = process` and `import { env as e } from 'node:process'`; `process.*` where the
 * whole of it is handed on; `new Date` and `Date()` for the time of day.
 */
export function usesOf(source: Source): string[] {
  const names = new Map(globals.map((name) => [name, name]));
  const uses: string[] = [];
  for (const { from, names: taken } of importsOf(source)) {
    if (from === undefined || from.startsWith('.')) continue;
    for (const { name, local, isType } of taken) {
      if (isType) continue;
      if (name === '*' || name === 'default') names.set(local, moduleName(from));
      else uses.push(moduleName(from, name));
    }
  }
  const resolve = (node: ESTree.Node): string | undefined => {
    const inner = bare(node);
    if (inner.type === 'Identifier') return names.get(inner.name);
    if (inner.type === 'ImportExpression' || inner.type === 'CallExpression') {
      const from = loadedBy(inner);
      return from === undefined || from.startsWith('.') ? undefined : moduleName(from);
    }
    if (inner.type !== 'MemberExpression') return undefined;
    const owner = resolve(inner.object);
    if (owner === undefined) return undefined;
    const member = memberOf(inner) ?? '*';
    const name = member === 'then' ? '*' : member;
    return /^global(This)?$/.test(owner) ? name : `${owner}.${name}`;
  };
  for (const { node, around } of source.places) {
    if (node.type === 'MemberExpression') {
      const found = resolve(node);
      if (found !== undefined) uses.push(found);
    } else if (node.type === 'VariableDeclarator' || node.type === 'AssignmentExpression') {
      const [to, given] = node.type === 'VariableDeclarator' ? [node.id, node.init] : [node.left, node.right];
      const owner = given ? resolve(given) : undefined;
      if (owner === undefined) continue;
      if (to.type !== 'ObjectPattern') uses.push(`${owner}.*`);
      else
        for (const one of to.properties)
          uses.push(`${owner}.${one.type === 'Property' ? (nameOf(one.key) ?? '*') : '*'}`);
    } else if (node.type === 'ExportAllDeclaration') {
      uses.push(`${moduleName(node.source.value)}.*`);
    } else if (node.type === 'NewExpression' && node.arguments.length === 0) {
      if (resolve(node.callee) === 'Date') uses.push('new Date');
    } else if (node.type === 'CallExpression' && resolve(node.callee) === 'Date') {
      uses.push('Date()');
    } else if (node.type === 'Identifier' && around[0]?.type === 'CallExpression') {
      const given = around[0].arguments.some((one) => one === node);
      const owner = given && !isOwn(node.name, around) ? names.get(node.name) : undefined;
      if (owner !== undefined) uses.push(`${owner}.*`);
    }
  }
  return uses;
}

/** Is it a parameter or a constant of the code around, and not the global one? */
function isOwn(name: string, around: readonly ESTree.Node[]): boolean {
  return around.some((one) => {
    if ('params' in one && Array.isArray(one.params))
      return one.params.some((param) => nameOf(param) === name);
    if (!('body' in one) || !Array.isArray(one.body)) return false;
    return one.body.some(
      (statement) =>
        statement.type === 'VariableDeclaration' &&
        statement.declarations.some(({ id }) => nameOf(id) === name),
    );
  });
}
