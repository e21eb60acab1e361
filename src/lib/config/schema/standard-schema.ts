import { messageOf } from '../../errors.js';

/** The part of the Standard Schema v1 interface that we use: zod, valibot, arktype and others implement it. */
export interface StandardSchema {
  /** The schema itself, under the key that Standard Schema v1 prescribes. */
  readonly '~standard': {
    /** Version of the interface: always 1. */
    readonly version: 1;
    /** Name of the schema library, e.g. `zod`. */
    readonly vendor: string;
    /** Returns the parsed `value`, or the `issues` that make the input invalid. */
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
  };
}

export type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof (standard as { validate?: unknown }).validate === 'function'
  );
}

/** `amount: expected number; user.name: required`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .slice(0, 5)
    .map((issue) => {
      const path = issue.path?.map(keyOf).join('.');
      return path ? `${path}: ${issue.message}` : issue.message;
    })
    .join('; ');
}

function keyOf(part: PropertyKey | { readonly key: PropertyKey }): string {
  // The schema may come from any library: what it calls a path is not always one.
  return messageOf(typeof part === 'object' && part !== null ? part.key : part);
}
