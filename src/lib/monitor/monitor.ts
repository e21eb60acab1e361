import { countPublished } from '../events/publish/count-published.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RunningPipeline } from '../waterfall/running-pipeline.js';
import { type Answer, probe, text } from './answers.js';
import { inText } from './family.js';
import { type HttpServer, listen } from './http-server.js';
import type { ListenAddress } from './listen-address.js';
import { readinessOf } from './readiness.js';
import { RunMetrics } from './run-metrics.js';
import { ServerMetrics } from './server-metrics.js';
import { version } from './version.js';

interface Watched {
  readonly running: RunningPipeline;
  readonly ofRun: RunMetrics;
  readonly ofServer: ServerMetrics;
}

/** Answers probes and scrapes of one process, from before its pipeline runs until it has stopped. */
export class Monitor {
  private watched: Watched | undefined;

  private constructor(private readonly server: HttpServer) {}

  /** Listens, and says that nothing runs yet. @throws OperationError `CANNOT_LISTEN` */
  static async open(address: ListenAddress): Promise<Monitor> {
    let monitor: Monitor | undefined;
    const server = await listen(address, async (path, verbose) => monitor?.answer(path, verbose));
    monitor = new Monitor(server);
    return monitor;
  }

  /** Where it answers: `http://127.0.0.1:9464`. */
  get url(): string {
    return this.server.url;
  }

  /**
   * From now on it speaks of this pipeline, and closes when that has ended. Called in the turn in which the pipeline was
   * started, it misses nothing.
   */
  watch(pipeline: Pipeline, running: RunningPipeline): void {
    const { config } = pipeline;
    this.watched = {
      running,
      ofRun: new RunMetrics(running, config, countPublished(config.name), version),
      ofServer: new ServerMetrics(pipeline),
    };
    const close = (): void => void this.close();
    running.ended.then(close, close);
  }

  /** Answers nothing more. */
  close(): Promise<void> {
    return this.server.close();
  }

  private async answer(path: string, verbose: boolean): Promise<Answer | undefined> {
    if (path === '/livez') return probe('livez', [{ name: 'event-loop' }], verbose);
    if (path === '/readyz') return probe('readyz', this.readiness(), verbose);
    if (path === '/startupz') {
      const wrong = this.watched ? undefined : notYet;
      return probe('startupz', [{ name: 'started', wrong }], verbose);
    }
    if (path === '/metrics') return this.metrics();
    if (path === '/')
      return text(200, 'plutomi-events: /livez, /readyz, /startupz (each with ?verbose), /metrics');
    return undefined;
  }

  private readiness() {
    return this.watched ? readinessOf(this.watched.running.snapshot()) : [{ name: 'running', wrong: notYet }];
  }

  private async metrics(): Promise<Answer> {
    if (!this.watched) return text(503, notYet);
    const { ofRun, ofServer } = this.watched;
    const ofServerNow = await ofServer.families();
    return { status: 200, ...(await inText([...ofRun.families(), ...ofServerNow])) };
  }
}

const notYet = 'the pipeline does not run yet';
