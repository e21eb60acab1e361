import path from 'node:path';
import type { KeyReference } from '../../domain/key-reference.js';
import type { ParsedConfig } from '../schema/schema.js';

/** Where else `pipeline run` logs to, besides stdout. */
export interface UserLog {
  /** Axiom; `false`: not even where the environment has AXIOM_TOKEN and AXIOM_DATASET. Default: only there. */
  axiom?:
    | false
    | {
        /** Dataset that lines are put into. Default: `AXIOM_DATASET` of the environment. */
        dataset?: string | undefined;
        /** Where the API token is: `env://NAME` or `file://path`. Default: `env://AXIOM_TOKEN`. */
        token?: string | undefined;
        /** Organization; only personal tokens need it. */
        orgId?: string | undefined;
        /** Where Axiom is. Default: `https://api.axiom.co`. */
        url?: string | undefined;
      }
    | undefined;
  /** Any pino transport. Default: none. */
  transport?:
    | {
        /** A package, or a module relative to the config file: `./transport.mjs`. */
        target: string;
        /** What it is given; `env://NAME` and `file://path` are replaced by what is there. Default: `{}`. */
        options?: Record<string, unknown> | undefined;
      }
    | undefined;
}

/** Where else `pipeline run` logs to, with an absolute path for a module of one's own. */
export interface LogSettings {
  /** `false`: never. Default: where the environment says so. */
  readonly axiom?: false | AxiomSettings;
  /** A pino transport. Default: none. */
  readonly transport?: TransportSettings;
}

/** Axiom, as a place that the log goes to. */
export interface AxiomSettings {
  /** Default: as the environment says. */
  readonly dataset?: string;
  /** Where the token is. */
  readonly token: KeyReference;
  /** Organization. Default: that of the token. */
  readonly orgId?: string;
  /** Where Axiom is. Default: `https://api.axiom.co`. */
  readonly url?: string;
}

/** A pino transport that the log goes to. */
export interface TransportSettings {
  /** A package by name, or a file by its absolute path. */
  readonly target: string;
  /** What it is given, references not yet replaced. */
  readonly options: Readonly<Record<string, unknown>>;
}

export function resolveLog({ log }: ParsedConfig, folder: string): LogSettings {
  const { axiom, transport } = log;
  const isFile = transport !== undefined && /^\.{0,2}\//.test(transport.target);
  return {
    ...(axiom === undefined ? {} : { axiom: axiom && (withoutUndefined(axiom) as AxiomSettings) }),
    ...(transport === undefined
      ? {}
      : {
          transport: {
            target: isFile ? path.resolve(folder, transport.target) : transport.target,
            options: transport.options,
          },
        }),
  };
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}

/** `options`: their names. Their values may be secret. */
export interface DescribedLog {
  readonly axiom: AxiomSettings | false | null;
  readonly transport: { readonly target: string; readonly options: readonly string[] } | null;
}

export function describeLog({ axiom, transport }: LogSettings): DescribedLog {
  return {
    axiom: axiom ?? null,
    transport: transport ? { target: transport.target, options: Object.keys(transport.options) } : null,
  };
}
