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
    /** Of libraries that implement Standard JSON Schema v1: the schema as JSON Schema, for the catalogue. */
    readonly jsonSchema?:
      | {
          /** Of what is published; throws where it can't be said. */
          readonly input: (options: {
            /** The version of JSON Schema. */
            readonly target: 'draft-2020-12';
          }) => Record<string, unknown>;
        }
      | undefined;
  };
}

/** What a schema makes of an input. */
export type SchemaResult =
  | {
      /** The input as the schema gives it on, with defaults and conversions. */
      readonly value: unknown;
      /** There are none. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong with the input; at least one. */
      readonly issues: readonly SchemaIssue[];
    };

/** One thing that is wrong with an input. */
export interface SchemaIssue {
  /** What was expected, in the words of the schema's library. */
  readonly message: string;
  /** Where in the input, from the outside in. Default: the whole of it. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** Name or index of the part. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
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

/** `amount: expected number; user.name: required`. `isSecret`: only how many, since some say what was found. */
export function describeIssues(issues: readonly SchemaIssue[], isSecret = false): string {
  if (isSecret)
    return `${issues.length} problem${issues.length === 1 ? '' : 's'}, not shown: its payload is encrypted`;
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
