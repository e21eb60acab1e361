import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { stageFilter } from '../../src/lib/domain/subjects.js';
import { type Clock, systemClock } from '../../src/lib/flow/clock.js';
import type { Stage } from '../../src/lib/domain/key.js';
import type { JournalRecord, RecordOf } from '../../src/lib/domain/record.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import type { PlutomiError } from '../../src/lib/errors.js';
import type { Link } from '../../src/lib/nats/link.js';
import { createConsumer } from '../../src/lib/nats/objects.js';
import type { WaterfallEvent } from '../../src/lib/observe/waterfall-event.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import type { StageTools } from '../../src/lib/waterfall/stages/case.js';
import { DeliveredTask } from '../../src/lib/waterfall/stages/delivered-task.js';
import { CountedStage, type StageSpec } from '../../src/lib/waterfall/stages/stage.js';
import { Admission } from '../../src/lib/waterfall/worker/admission.js';
import { Gate } from '../../src/lib/waterfall/worker/gate.js';
import { type Process, Worker, type WorkerSettings } from '../../src/lib/waterfall/worker/worker.js';
import { applyTopology, makeConfig } from './config.js';
import { connectTo, type TestLink } from './connect.js';
import { journal, originAt } from './dead-letters.js';
import { eventually } from './eventually.js';
import { startNats, type TestServer } from './nats-server.js';
import { pipelineOf } from './pipeline-of.js';
import { readJournal } from './pipeline.js';
import { pullMessages } from './pull.js';

const config = makeConfig();
/** A record with no more in it than what matters to a test. */
type Remembered = { [K in RecordKind]: Partial<RecordOf<K>> & { readonly kind: K } }[RecordKind];

/** Nobody waits this out: what comes back before was given back. */
export const ackWaitMs = 60_000;

/** What the consumer of a bench reads: of a stream, what is published from then on. Default: events of its own. */
export interface Reads {
  readonly stream: string;
  readonly subject: (consumer: string) => string;
}

/** A real server with the streams of a pipeline, for one file; each test has a consumer and events of its own. */
export function workshop(): { readonly link: Link; open(reads?: Reads): Promise<Workbench> } {
  let server: TestServer;
  let link: TestLink;
  let count = 0;
  const stopped: Promise<void>[] = [];
  const benches: Workbench[] = [];
  beforeAll(async () => {
    server = await startNats();
    link = await connectTo(server.url);
    await applyTopology(link, config);
  });
  afterAll(async () => {
    await Promise.all(stopped);
    await link.close();
    await server.stop();
    // No worker can say any more now.
    for (const bench of benches) bench.saidNoMore();
  });
  return {
    get link() {
      return link;
    },
    open: async (reads = { stream: config.streams.events.name, subject: (name) => `events.${name}` }) => {
      const consumer = `bench-${++count}`;
      const bench = new Workbench(link, consumer, reads, stopped);
      benches.push(bench);
      await bench.createConsumer();
      return bench;
    },
  };
}

/** Of a record its kind, of a pointer where it goes. */
function kindOf(subject: string): string {
  const [root, , kind = ''] = subject.split('.');
  if (root === config.roots.retry) return 'pointer to retry';
  return root === config.roots.dlq ? 'pointer to dlq' : kind;
}

/** One worker over a real consumer, and what it says to the server, in order. */
export class Workbench {
  /**
   * What was stored or told about this consumer: the kind of a record or `pointer to <stage>` once the server has it,
   * `run <attempt>`, and verdicts such as `+ACK`.
   */
  readonly said: string[] = [];
  /** What the journal was asked for. */
  readonly asked: string[] = [];
  readonly events: WaterfallEvent[] = [];
  readonly failures: PlutomiError[] = [];
  /** Why the consumer was missed, each time. */
  readonly gone: string[] = [];
  readonly admission = new Admission();
  /** Called before a record of this kind is written; what it throws is the answer. */
  beforeWrite: (kind: string) => void | Promise<void> = () => {};
  /** Called when the server has it; what it throws is the answer. */
  afterWrite: (kind: string) => void = () => {};
  /** The time of day, ms since 1970. */
  now = 1_800_000_000_000;
  /** In [0, 1). */
  random = 0.5;
  private skippedMs = 0;
  private readonly test = expect.getState().currentTestName;
  /** What `saidAre` found last. */
  private expected: readonly string[] | undefined;
  readonly pipeline: Pipeline;
  readonly gate: Gate;

  constructor(
    readonly link: Link,
    readonly consumer: string,
    private readonly reads: Reads,
    private readonly stopped: Promise<void>[],
  ) {
    const clock: Clock = {
      now: () => this.now,
      monotonic: () => systemClock.monotonic() + this.skippedMs,
      random: () => this.random,
      uuid: systemClock.uuid,
    };
    this.pipeline = pipelineOf(this.watched(clock), config, { clock });
    this.gate = new Gate(this.emit, clock.monotonic);
  }

  private readonly emit = (event: WaterfallEvent): void => void this.events.push(event);

  get tools(): StageTools {
    return { pipeline: this.pipeline, emit: this.emit, admission: this.admission };
  }

  private watched(clock: Clock): Link {
    const { link, said, asked } = this;
    const watched = {
      clock,
      publish: async (...args: Parameters<Link['publish']>) => {
        const kind = kindOf(args[0]);
        await this.beforeWrite(kind);
        const ack = await link.publish(...args);
        said.push(kind);
        this.afterWrite(kind);
        return ack;
      },
      send: (...[subject, verdict]: Parameters<Link['send']>) => {
        said.push(String(verdict));
        link.send(subject, verdict);
      },
      readLastOfEach: (...args: Parameters<Link['readLastOfEach']>) => {
        asked.push(...args[1]);
        return link.readLastOfEach(...args);
      },
    };
    return new Proxy(link, {
      get(target, name) {
        if (name in watched) return watched[name as keyof typeof watched];
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** Time goes by at once: what is held now has lapsed after `ackWaitMs`. */
  skip(ms: number): void {
    this.skippedMs += ms;
  }

  createConsumer(): Promise<void> {
    const { stream, subject } = this.reads;
    return createConsumer(this.link, stream, {
      durable_name: this.consumer,
      ack_policy: 'explicit',
      ack_wait: ackWaitMs * 1_000_000,
      filter_subject: subject(this.consumer),
      ...(stream === config.streams.events.name ? {} : { deliver_policy: 'new' }),
    });
  }

  /** Publishes events that only this consumer reads. */
  async publish(count = 1): Promise<number[]> {
    const seqs: number[] = [];
    for (let n = 0; n < count; n++) seqs.push((await this.link.publish(`events.${this.consumer}`, '{}')).seq);
    return seqs;
  }

  /** The same, delivered before to somebody who left no trace. */
  async publishDelivered(count = 1): Promise<number[]> {
    const seqs = await this.publish(count);
    const messages = await pullMessages(this.link, config.streams.events.name, this.consumer, count);
    for (const message of messages) message.nak();
    await this.link.flush();
    return seqs;
  }

  /** Writes into the journal what earlier attempts at an event have left. */
  async remember(seq: number, stage: Stage, ...records: readonly Remembered[]): Promise<void> {
    const { link, consumer } = this;
    const origin = await originAt({ link, config }, seq);
    for (const facts of records) {
      await journal({ link, config }, { tier: 'business', consumer, origin, stage, cycle: 0 }, facts);
    }
  }

  /** Starts a worker; it is stopped when the test ends. */
  work(process: Process, settings: Partial<WorkerSettings> = {}): Worker {
    const { consumer, pipeline, gate, emit } = this;
    const worker = new Worker(
      {
        serves: { tier: 'business', consumer, stage: 'main' },
        stream: this.reads.stream,
        consumer,
        concurrency: 10,
        capacity: 15,
        ackWaitMs,
        confirmAcks: false,
        ...settings,
      },
      { pipeline, gate, emit, fail: (error) => this.failures.push(error) },
      process,
      (_worker, why) => this.gone.push(why),
    );
    onTestFinished(async () => {
      worker.abandon();
      const stopped = worker.stopPulling();
      // Takes a moment, for which the next test need not wait where it has messages of its own.
      if (this.reads.stream === config.streams.events.name) this.stopped.push(stopped);
      else await stopped;
    });
    return worker;
  }

  /** Starts a worker of a stage that counts attempts: a main stage with handlers, where nothing else is said. */
  serve(spec: Partial<StageSpec> & Pick<StageSpec, 'run'>, settings?: Partial<WorkerSettings>): Worker {
    const { consumer } = this;
    const stage = new CountedStage(
      {
        limits: { attempts: 3, backoffMs: [60_000, 120_000] },
        trustsFirstDelivery: true,
        past: stageFilter(this.pipeline.places.journal.root, consumer, 'main'),
        recordsSuccess: false,
        runsHandlers: true,
        identify: ({ delivery }) => ({ task: new DeliveredTask('business', consumer, delivery) }),
        ...spec,
        run: (current, attempt, original) => {
          this.said.push(`run ${attempt}`);
          return spec.run(current, attempt, original);
        },
      },
      this.tools,
    );
    return this.work(stage.process, settings);
  }

  /**
   * Resolves when as much was said as this, and then it is this. A later word that should not be fails the file, once
   * all of its workers have stopped.
   */
  async saidAre(...expected: readonly string[]): Promise<void> {
    const enough = (): boolean => this.said.length >= expected.length;
    await eventually(expected.join(', '), enough, 5000).catch(() => {});
    expect(this.said).toEqual(expected);
    this.expected = expected;
  }

  /** Nothing after what `saidAre` found last. */
  saidNoMore(): void {
    if (this.expected) expect(this.said, `said at the end of: ${this.test}`).toEqual(this.expected);
  }

  /** What stands in the journal about this consumer, in order. */
  async journal<K extends RecordKind = RecordKind>(...kinds: readonly K[]): Promise<RecordOf<K>[]> {
    const all = await readJournal(this.link, config, ...kinds);
    return all
      .map(({ record }) => record)
      .filter((record: JournalRecord) => record.consumer === this.consumer);
  }
}
