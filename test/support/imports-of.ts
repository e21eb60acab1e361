import { bare, literalOf, nameOf, type Source } from './syntax.js';
import type { ESTree } from 'vite';

export interface Import {
  /** Undefined: put together when it runs, so nobody can say what it loads. */
  readonly from: string | undefined;
  /** Made when it is reached. */
  readonly dynamic: boolean;
  /** What is taken, by its name over there; `*`: all of it. */
  readonly names: readonly { readonly name: string; readonly local: string; readonly isType: boolean }[];
}

/** All that a file imports or re-exports, whichever way. */
export function importsOf({ places }: Source): Import[] {
  return places.flatMap(({ node }) => importAt(node) ?? []);
}

const all = (local = '*', isType = false): Import['names'] => [{ name: '*', local, isType }];

function importAt(node: ESTree.Node): Import | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return {
        from: node.source.value,
        dynamic: false,
        names: node.specifiers.map((one) => ({
          name: one.type === 'ImportSpecifier' ? (nameOf(one.imported) ?? '*') : '*',
          local: one.local.name,
          isType: node.importKind === 'type' || ('importKind' in one && one.importKind === 'type'),
        })),
      };
    case 'ExportNamedDeclaration':
      if (!node.source) return undefined;
      return {
        from: node.source.value,
        dynamic: false,
        names: node.specifiers.map((one) => ({
          name: nameOf(one.local) ?? '*',
          local: nameOf(one.exported) ?? '*',
          isType: node.exportKind === 'type' || one.exportKind === 'type',
        })),
      };
    case 'ExportAllDeclaration':
      return { from: node.source.value, dynamic: false, names: all('*', node.exportKind === 'type') };
    case 'ImportExpression':
      return { from: whole(node.source), dynamic: true, names: all() };
    case 'TSImportType':
      return { from: whole(node.source), dynamic: false, names: all('*', true) };
    case 'TSExternalModuleReference':
      return { from: whole(node.expression), dynamic: false, names: all() };
    case 'CallExpression':
      return isRequire(node) ? { from: whole(node.arguments[0]), dynamic: true, names: all() } : undefined;
    default:
      return undefined;
  }
}

/** `require(…)`, and `createRequire(…)(…)`. */
function isRequire({ callee }: ESTree.CallExpression): boolean {
  const called = bare(callee);
  if (called.type === 'CallExpression') return nameOf(bare(called.callee)) === 'createRequire';
  return called.type === 'Identifier' && called.name === 'require';
}

function whole(node: ESTree.Node | undefined): string | undefined {
  return !node || (node.type === 'TemplateLiteral' && node.expressions.length > 0)
    ? undefined
    : literalOf(node);
}

/** Of `import('…')` and `require('…')` what it loads. */
export function loadedBy(node: ESTree.Node): string | undefined {
  return importAt(node)?.from;
}
