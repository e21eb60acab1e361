import type { Pipeline } from '../../pipeline/pipeline.js';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../observe/log.js';
import type { RunningPipeline } from '../../waterfall/running-pipeline.js';
import { exitNow } from './uncaught.js';

export interface RunUntilSignal {
  readonly pipeline: Pipeline;
  readonly running: RunningPipeline;
  readonly log: Logger;
  readonly drainTimeoutMs: number;
  /** Receives what SIGINT and SIGTERM call. */
  readonly onSignal: (handle: () => void) => void;
}

/** Handlers that are healthy may finish although something else has ended the pipeline. */
const fatalDrainTimeoutMs = 5000;

/** Keeps the pipeline running until a signal, and says what happens. Throws what ended it otherwise. */
export async function runUntilSignal(options: RunUntilSignal): Promise<void> {
  const { log } = options;
  const { link } = options.pipeline;
  const unwatch = link.watch((state, server) => {
    if (state === 'disconnected') log.warn({ server }, 'connection lost; reconnecting');
    else log.info({ server }, 'connected again');
  });
  try {
    await run(options);
  } finally {
    unwatch();
  }
}

async function run({ pipeline, running, log, drainTimeoutMs, onSignal }: RunUntilSignal): Promise<void> {
  const { config, link } = pipeline;
  const signalled = new Promise<void>((resolve) => {
    let signals = 0;
    onSignal(() => {
      signals++;
      if (signals === 1) resolve();
      else {
        log.warn('second signal: ending now; what is not finished is delivered again after its ack wait');
        exitNow(130);
      }
    });
  });
  log.info(
    {
      pipeline: config.name,
      server: link.server,
      serverVersion: link.serverVersion,
      consumers: running.consumers,
    },
    'pipeline runs; stop it with Ctrl-C or SIGTERM',
  );
  try {
    await Promise.race([signalled, running.ended]);
  } catch (error) {
    log.fatal({ err: messageOf(error) }, 'the pipeline ends: what it holds is delivered again');
    await running.stop(Math.min(drainTimeoutMs, fatalDrainTimeoutMs));
    throw error;
  }
  log.info({ drainTimeoutMs }, 'stopping: nothing more is pulled, running handlers finish');
  const { unfinished } = await running.stop(drainTimeoutMs);
  const stays = 'what is not processed stays on the server until the next start';
  if (unfinished > 0) log.warn({ unfinished }, `stopped before every handler had finished; ${stays}`);
  else log.info(`stopped; ${stays}`);
}
