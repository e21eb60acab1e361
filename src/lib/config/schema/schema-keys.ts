import type * as z from 'zod/mini';
import { type Path, valueAt } from '../validation/problems.js';
import { configSchema } from './schema.js';

type AnySchema = z.ZodMiniType;

/** How much of a path, from its beginning, the schema knows. */
export function knownPart(path: Path): Path {
  let candidates: AnySchema[] = [configSchema];
  for (const [at, part] of path.entries()) {
    candidates = candidates.flatMap(unwrap).flatMap((schema) => below(schema, part));
    if (candidates.length === 0) return path.slice(0, at);
  }
  return path;
}

/** The keys that the schema knows at a path for a value like this; none where any key is allowed. */
export function keysAt(path: Path, value?: unknown): string[] {
  let candidates: AnySchema[] = [configSchema];
  for (const part of path) {
    candidates = candidates.flatMap(unwrap).flatMap((schema) => below(schema, part));
  }
  return candidates
    .flatMap(unwrap)
    .filter((schema) => isMeant(schema, value))
    .flatMap((schema) => (isObject(schema) ? Object.keys(schema.def.shape) : []))
    .filter((key) => key !== '$schema');
}

/** The kinds of values that the schema knows at a path, in the words of zod: `string`, `number`, `literal`. */
export function typesAt(path: Path): ReadonlySet<string> {
  let candidates: AnySchema[] = [configSchema];
  for (const part of path) {
    candidates = candidates.flatMap(unwrap).flatMap((schema) => below(schema, part));
  }
  return new Set(candidates.flatMap(unwrap).map(({ def }) => def.type));
}

/** The schemas behind defaults, optionals and unions. */
function unwrap(schema: AnySchema): AnySchema[] {
  const { def } = schema as unknown as {
    def: { type: string; innerType?: AnySchema; options?: readonly AnySchema[] };
  };
  if (def.innerType) return unwrap(def.innerType);
  if (def.options) return def.options.flatMap(unwrap);
  return [schema];
}

function below(schema: AnySchema, part: string | number): AnySchema[] {
  if (isObject(schema)) {
    const { shape } = schema.def;
    return Object.hasOwn(shape, part) ? [shape[part] as AnySchema] : [];
  }
  const { def } = schema as unknown as { def: { valueType?: AnySchema; element?: AnySchema } };
  const inner = def.valueType ?? def.element;
  return inner ? [inner] : [];
}

/** Of a consumer's two shapes, the one that its `external` says. */
function isMeant(schema: AnySchema, value: unknown): boolean {
  const external = isObject(schema) ? (schema.def.shape['external'] as AnySchema | undefined) : undefined;
  return external === undefined || external.safeParse(valueAt(value, ['external'])).success;
}

function isObject(schema: AnySchema): schema is z.ZodMiniObject {
  return schema.def.type === 'object';
}
