import {
  refuseNoFlag,
  refuseNoLogger,
  refuseNoMap,
  refuseNoObject,
  refuseNoText,
  refuseTexts,
} from '../domain/given.js';
import type { Checks } from '../domain/options.js';
import type { Handler } from '../handlers/contract.js';
import type { ProxySettings } from '../http/proxy.js';
import type { Logger } from '../observe/log.js';
import type { Subscribe } from '../observe/event-bus.js';
import type { PipelineSnapshot } from '../observe/snapshot.js';

/** What runs in this process, and where its log and events go. */
export interface RunSettings {
  /**
   * Run only these consumers' stages; for an external one, that is the alerts about its dead letters. The meta tiers, and
   * the listening to the server's advisories, run always. Default: all.
   */
  readonly only?: readonly string[];
  /** Handlers by absolute path, as the config names them. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** The log of the handlers. */
  readonly log: Logger;
  /** Proxies for webhooks. Default: none. */
  readonly proxies?: ProxySettings;
  /** What alerts to the webhook are signed with: `whsec_…`, or several of them. Default: they are not signed. */
  readonly alertsSecret?: string | undefined;
  /** Count how long attempts take: `durations` of the snapshot. Default: false. */
  readonly durations?: boolean;
}

/** Of `runPipeline`. */
export const runChecks = {
  only: refuseTexts,
  handlers: refuseNoMap,
  log: refuseNoLogger,
  proxies: refuseNoObject,
  alertsSecret: refuseNoText,
  durations: refuseNoFlag,
} as const satisfies Checks<RunSettings>;

/** What was left over at the end. */
export interface StopSummary {
  /** Handlers that had not finished when the drain timeout was over. Their events come back. */
  readonly unfinished: number;
}

/** What runs in this process, until it is stopped. */
export interface RunningPipeline {
  /** The consumers that are being read. */
  readonly consumers: readonly string[];
  /** Rejects when the pipeline can't go on; never resolves before `stop`. */
  readonly ended: Promise<void>;
  /** Subscribe in the same turn of the event loop as the start to miss nothing. A listener may throw: nothing else is affected. */
  readonly subscribe: Subscribe;
  /** What it is doing now. Asks the server nothing; also after `stop`. */
  snapshot(): PipelineSnapshot;
  /** Stops pulling, lets running handlers finish within the timeout, Infinity for as long as it takes, settles and flushes. */
  stop(drainTimeoutMs: number): Promise<StopSummary>;
}
