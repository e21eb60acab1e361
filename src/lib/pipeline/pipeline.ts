import { checkOptions, type Checks, requireOptions } from '../domain/options.js';
import { refuseNoClock, refuseNoConfig, refuseNoLink, refuseNoObject } from '../domain/given.js';
import path from 'node:path';
import type { PipelineConfig } from '../config/resolved.js';
import { readEnvironment } from '../connection/environment.js';
import { Keyring } from '../encryption/keyring.js';
import type { KeySource } from '../encryption/read-key.js';
import type { Clock } from '../flow/clock.js';
import type { Link } from '../nats/link.js';
import { type Identity, identityChecks, identityFrom } from './identity.js';
import { type Places, placesOf } from './places.js';

/** A pipeline on a server: the first argument of whatever is done with it. */
export interface Pipeline {
  /** The config, with every default filled in. */
  readonly config: PipelineConfig;
  /** The connection to the server. */
  readonly link: Link;
  /** Streams of the journal, the retry stage, the DLQ and the workbench. */
  readonly places: Places;
  /** What times are taken from. */
  readonly clock: Clock;
  /** Who writes to the journal. */
  readonly identity: Identity;
  /** Encrypts payloads, and opens them. */
  readonly keys: Keyring;
}

/** What `makePipeline` puts together. */
export interface PipelineParts {
  /** From `loadConfig`. */
  readonly config: PipelineConfig;
  /** From `connect`. Whoever opened it closes it. */
  readonly link: Link;
  /** Default: that of the connection. */
  readonly clock?: Clock;
  /** Default: this process, and the user that it runs as. */
  readonly identity?: Partial<Identity>;
  /** Where `env://` keys are. Default: the environment of this process. */
  readonly variables?: KeySource['variables'];
}

const partChecks = {
  config: (_name, given) => refuseNoConfig(given),
  link: refuseNoLink,
  clock: refuseNoClock,
  identity: (name, given) => checkOptions(identityChecks, given, name),
  variables: refuseNoObject,
} as const satisfies Checks<PipelineParts>;

/** Puts a pipeline together from a config and an open connection. */
export function makePipeline(parts: PipelineParts): Pipeline {
  requireOptions(partChecks, parts, ['config', 'link'], 'parts');
  const { config, link, clock = link.clock, identity = {}, variables } = parts;
  const keys = keyringOf(config, variables);
  return { config, link, clock, places: placesOf(config), identity: identityFrom(identity, clock), keys };
}

/** The keys that a config names. Those of `env://` are looked for in `variables`; default: the environment of this process. */
export function keyringOf(config: PipelineConfig, variables?: KeySource['variables']): Keyring {
  return new Keyring(config.keys, () => ({
    variables: variables ?? readEnvironment().variables,
    folder: path.dirname(config.file),
  }));
}
