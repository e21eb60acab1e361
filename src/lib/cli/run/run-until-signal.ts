import { messageOf } from '../../errors.js';
import type { Link } from '../../nats/link.js';
import type { Logger } from '../../observe/log.js';
import type { RunningPipeline } from '../../waterfall/run.js';

export interface RunUntilSignal {
  readonly pipeline: RunningPipeline;
  readonly link: Link;
  readonly log: Logger;
  readonly name: string;
  readonly drainTimeoutMs: number;
  /** Receives what SIGINT and SIGTERM call. */
  readonly onSignal: (handle: () => void) => void;
}

/** Handlers that are healthy may finish although something else has ended the pipeline. */
const fatalDrainTimeoutMs = 5000;

/** Keeps the pipeline running until a signal, and says what happens. Throws what ended it otherwise. */
export async function runUntilSignal(options: RunUntilSignal): Promise<void> {
  const { link, log } = options;
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

async function run({ pipeline, link, log, name, drainTimeoutMs, onSignal }: RunUntilSignal): Promise<void> {
  const signalled = new Promise<void>((resolve) => {
    let signals = 0;
    onSignal(() => {
      signals++;
      if (signals === 1) resolve();
      else {
        log.warn('second signal: ending now; what is not finished comes back after its ack wait');
        process.exit(130);
      }
    });
  });
  log.info(
    { pipeline: name, server: link.server, serverVersion: link.serverVersion, consumers: pipeline.consumers },
    'pipeline runs; stop it with Ctrl-C or SIGTERM',
  );
  try {
    await Promise.race([signalled, pipeline.ended]);
  } catch (error) {
    log.fatal({ err: messageOf(error) }, 'the pipeline ends: what it holds comes back');
    await pipeline.stop(Math.min(drainTimeoutMs, fatalDrainTimeoutMs));
    throw error;
  }
  log.info({ drainTimeoutMs }, 'stopping: nothing more is pulled, running handlers finish');
  const { unfinished } = await pipeline.stop(drainTimeoutMs);
  const stays = 'what is not processed stays on the server and goes on at the next start';
  if (unfinished > 0) log.warn({ unfinished }, `stopped before every handler had finished; ${stays}`);
  else log.info(`stopped; ${stays}`);
}
