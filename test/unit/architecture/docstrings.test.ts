import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseAstAsync } from 'vite';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../src/lib/', import.meta.url));

interface Module {
  readonly file: string;
  readonly text: string;
  readonly body: ESTree.Program['body'];
}

interface Found {
  readonly module: Module;
  /** With `export`, where that stands before it: its comment stands before both. */
  readonly statement: ESTree.Node;
  readonly declaration: ESTree.Node;
}

interface Signature {
  readonly params: readonly ESTree.Node[];
  readonly returnType?: ESTree.Node | null;
}

/** Walks from the names that the library exports to every type that they are made of. */
class PublicApi {
  readonly documented: string[] = [];
  readonly undocumented: string[] = [];
  private readonly seen = new Set<string>();

  constructor(private readonly modules = new Map<string, Promise<Module>>()) {}

  async visitExports(file: string): Promise<void> {
    const { body } = await this.load(file);
    for (const node of body) {
      if (node.type !== 'ExportNamedDeclaration') continue;
      for (const { exported } of node.specifiers) await this.visitName(file, nameOf(exported));
    }
  }

  async visitName(file: string, name: string): Promise<void> {
    const found = await this.find(file, name);
    if (!found) return;
    const { module, statement, declaration } = found;
    if (this.seen.has(`${module.file} ${name}`)) return;
    this.seen.add(`${module.file} ${name}`);
    this.note(module, statement.start, name);
    if (declaration.type === 'TSTypeAliasDeclaration') {
      await this.visitType(module, declaration.typeAnnotation, name);
    } else if (declaration.type === 'TSInterfaceDeclaration') {
      await this.visitMembers(module, declaration.body.body, name);
      for (const { expression } of declaration.extends) {
        if (expression.type === 'Identifier') await this.visitName(module.file, expression.name);
      }
    } else if (declaration.type === 'ClassDeclaration') {
      await this.visitMembers(module, declaration.body.body, name);
      const { superClass } = declaration;
      if (superClass?.type === 'Identifier') await this.visitName(module.file, superClass.name);
    } else if (declaration.type === 'FunctionDeclaration' || declaration.type === 'TSDeclareFunction') {
      await this.visitSignature(module, declaration, name);
    } else if (declaration.type === 'VariableDeclaration') {
      const found = declaration.declarations.find(({ id }) => nameOf(id) === name);
      if (found) await this.visitVariable(module, found, name);
    }
  }

  private async visitVariable(
    module: Module,
    { id, init }: ESTree.VariableDeclarator,
    name: string,
  ): Promise<void> {
    if (id.typeAnnotation) await this.visitType(module, id.typeAnnotation, name);
    if (init?.type === 'ArrowFunctionExpression') await this.visitSignature(module, init, name);
  }

  /** What a function takes, and what it gives. */
  private async visitSignature(module: Module, signature: Signature, owner: string): Promise<void> {
    for (const param of signature.params) {
      const type = typeOf(param);
      if (type) await this.visitType(module, type, `${owner}(${nameOf(param)})`);
    }
    if (signature.returnType) await this.visitType(module, signature.returnType, `${owner}()`);
  }

  private async visitMembers(module: Module, members: readonly ESTree.Node[], owner: string): Promise<void> {
    for (const member of members) {
      // `[key: string]: …` says all by itself.
      if (member.type === 'TSIndexSignature' || member.type === 'StaticBlock' || isHidden(member)) continue;
      if (member.type === 'MethodDefinition' && member.kind === 'constructor') {
        const fields = member.value.params.filter((one) => one.type === 'TSParameterProperty');
        for (const field of fields) {
          if (!isHidden(field)) this.note(module, field.start, `${owner}.${nameOf(field.parameter)}`);
        }
        await this.visitSignature(module, member.value, `new ${owner}`);
        continue;
      }
      const name = `${owner}.${'key' in member ? nameOf(member.key) : '()'}`;
      this.note(module, member.start, name);
      if ('typeAnnotation' in member && member.typeAnnotation)
        await this.visitType(module, member.typeAnnotation, name);
      if (member.type === 'MethodDefinition') await this.visitSignature(module, member.value, name);
      else if ('params' in member) await this.visitSignature(module, member, name);
      else if (member.type === 'PropertyDefinition' && member.value?.type === 'ArrowFunctionExpression')
        await this.visitSignature(module, member.value, name);
    }
  }

  private async visitType(module: Module, type: ESTree.Node, owner: string): Promise<void> {
    if (
      type.type === 'TSTypeAnnotation' ||
      type.type === 'TSTypeOperator' ||
      type.type === 'TSParenthesizedType' ||
      type.type === 'TSRestType' ||
      type.type === 'TSOptionalType'
    ) {
      await this.visitType(module, type.typeAnnotation, owner);
    } else if (type.type === 'TSFunctionType') {
      await this.visitSignature(module, type, owner);
    } else if (type.type === 'TSTypePredicate') {
      if (type.typeAnnotation) await this.visitType(module, type.typeAnnotation, owner);
    } else if (type.type === 'TSTupleType') {
      for (const one of type.elementTypes) await this.visitType(module, one, owner);
    } else if (type.type === 'TSNamedTupleMember') {
      await this.visitType(module, type.elementType, owner);
    } else if (type.type === 'TSTypeLiteral') {
      await this.visitMembers(module, type.members, owner);
    } else if (type.type === 'TSArrayType') {
      await this.visitType(module, type.elementType, owner);
    } else if (type.type === 'TSUnionType' || type.type === 'TSIntersectionType') {
      for (const one of type.types) await this.visitType(module, one, owner);
    } else if (type.type === 'TSTypeReference') {
      if (type.typeName.type === 'Identifier') await this.visitName(module.file, type.typeName.name);
      for (const one of type.typeArguments?.params ?? []) await this.visitType(module, one, owner);
    }
  }

  /** Where a name is declared, through imports and re-exports. Undefined: not in this project. */
  private async find(file: string, name: string): Promise<Found | undefined> {
    const module = await this.load(file);
    for (const statement of module.body) {
      const from = 'source' in statement ? statement.source?.value : undefined;
      if (from !== undefined && 'specifiers' in statement) {
        const specifier = statement.specifiers.find(
          (one) => nameOf('exported' in one ? one.exported : one.local) === name,
        );
        if (!specifier || !from.startsWith('.')) continue;
        const there = 'imported' in specifier ? specifier.imported : specifier.local;
        return this.find(path.join(path.dirname(file), from).replace(/\.js$/, '.ts'), nameOf(there));
      }
      const declaration =
        statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? statement) : statement;
      if (declares(declaration, name)) return { module, statement, declaration };
    }
    return undefined;
  }

  private note({ file, text }: Module, start: number, name: string): void {
    const isDocumented = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.test(text.slice(0, start));
    (isDocumented ? this.documented : this.undocumented).push(`${file}: ${name}`);
  }

  private load(file: string): Promise<Module> {
    let module = this.modules.get(file);
    if (!module) this.modules.set(file, (module = read(file)));
    return module;
  }
}

async function read(file: string): Promise<Module> {
  return parse(file, await readFile(path.join(root, file), 'utf8'));
}

/** The type that a parameter is declared with. */
function typeOf(param: ESTree.Node): ESTree.Node | undefined {
  if (param.type === 'TSParameterProperty') return typeOf(param.parameter);
  if (param.type === 'AssignmentPattern') return typeOf(param.left);
  return 'typeAnnotation' in param ? (param.typeAnnotation ?? undefined) : undefined;
}

async function parse(file: string, text: string): Promise<Module> {
  return { file, text, body: (await parseAstAsync(text, { lang: 'ts' })).body };
}

function nameOf(node: ESTree.Node): string {
  if ('name' in node && typeof node.name === 'string') return node.name;
  if (node.type === 'AssignmentPattern') return nameOf(node.left);
  return 'value' in node && typeof node.value === 'string' ? node.value : `[${node.type}]`;
}

function declares(node: ESTree.Node, name: string): boolean {
  if (node.type === 'VariableDeclaration') return node.declarations.some(({ id }) => nameOf(id) === name);
  return 'id' in node && node.id != null && nameOf(node.id) === name;
}

function isHidden(member: ESTree.Node): boolean {
  if ('key' in member && member.key?.type === 'PrivateIdentifier') return true;
  return 'accessibility' in member && (member.accessibility ?? 'public') !== 'public';
}

test('everything that the library exports has a doc comment, each member of it too, and of what it takes and gives', async () => {
  const api = new PublicApi();
  await api.visitExports('index.ts');
  expect(api.undocumented).toEqual([]);
  // A walk that finds little would prove nothing.
  expect(api.documented.length).toBeGreaterThan(1000);
});

test.each([
  'export interface f { x: 1 }',
  'export type f = { x: 1 } | 2;',
  'export function f(a: { x: 1 }): void {}',
  'export function f({ x }: { x: 1 }): void {}',
  'export function f(a: { x: 1 } = { x: 1 }): void {}',
  'export function f(...a: { x: 1 }[]): void {}',
  'export function f(): { x: 1 } {}',
  'export async function f(): Promise<[{ x: 1 }]> {}',
  'export function f(a: () => { x: 1 }): void {}',
  'export function f(a: (b: { x: 1 }) => void): void {}',
  'export function f(): (b: { x: 1 }) => void {}',
  'export function f(a: unknown): a is { x: 1 } {}',
  'export const f = (a: { x: 1 }): void => {};',
  'export const f: (a: { x: 1 }) => void = g;',
  'export class f { constructor(a: { x: 1 }) {} }',
  'export class f { /** m */ m(a: { x: 1 }): void {} }',
  'export class f { /** m */ get m(): { x: 1 } {} }',
  'export class f { /** m */ readonly m = (a: { x: 1 }): void => {}; }',
  'export interface f { /** m */ m(a: { x: 1 }): void }',
  'export interface f { /** m */ (a: { x: 1 }): void }',
  'export function f(a: A): void {}\n/** A */ export interface A { x: 1 }',
])('what has no comment is found: %s', async (text) => {
  const api = new PublicApi(new Map([['made-up.ts', parse('made-up.ts', `/** f */ ${text}`)]]));
  await api.visitName('made-up.ts', 'f');
  expect(api.undocumented).toEqual([expect.stringMatching(/\.x$/)]);
});
