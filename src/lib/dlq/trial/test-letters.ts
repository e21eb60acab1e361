import type { ModuleOptions } from '../../config/file/load-module.js';
import { consumerNamed, type ConsumerSettings } from '../../config/resolved.js';
import { keysOf } from '../../encryption/keyring.js';
import { makeFailure } from '../../domain/failure.js';
import { groupIdOf } from '../../domain/group-id.js';
import type { Outcome } from '../../domain/outcome.js';
import { Slots } from '../../flow/slots.js';
import { readGroupDocuments } from '../../groups/group-documents.js';
import { GroupKinds } from '../../groups/group-kinds.js';
import { EventRegistry, makeEvent } from '../../handlers/event.js';
import { type DryRun, loadDryRun } from '../../handlers/load-dry-runs.js';
import { headerOf, msgIdHeader } from '../../nats/wire/message.js';
import type { Logger } from '../../observe/log.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { fetchEvent } from '../../pointers/kept/event-of.js';
import type { DeadLetterFilters } from '../filters.js';
import { selectPages } from '../select.js';
import { persistently } from '../plan/persistently.js';
import { runTrial } from './run-trial.js';
import { type TestedGroup, Trials } from './trials.js';

/** How handlers are loaded, and who is told. */
export interface TestOptions {
  /** How the modules of handlers are loaded. */
  readonly modules: ModuleOptions;
  /** The log of the handlers. */
  readonly log: Logger;
  /** Only the oldest of those that match. Default: all. */
  readonly limit?: number;
  /** Nothing more is run after it, and what runs is not waited for. */
  readonly signal?: AbortSignal;
  /** Called after each that was looked at. */
  readonly onDone?: () => void;
}

/** What today's handlers would do with dead letters. */
export interface TestResult {
  /** How many were looked at. */
  readonly selected: number;
  /** Of those that were run, the largest first. */
  readonly groups: readonly TestedGroup[];
  /** Consumers whose dead letters were not run, and why. */
  readonly refused: readonly {
    /** Its name. */
    readonly consumer: string;
    /** Why, in words. */
    readonly reason: string;
  }[];
  /** The signal came before all were looked at. */
  readonly interrupted?: true;
}

/**
 * Runs today's handlers, in this process, on the events of the dead letters that match, and tells per group how many would
 * pass. Nothing is written, and nothing acknowledged. Only handlers that can run without effects are run; concurrency and
 * timeout are those of their consumers.
 *
 * Throws UsageError for a filter that can't match anything; OperationError `NO_STREAM`.
 */
export async function testDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  options: TestOptions,
): Promise<TestResult> {
  const { limit = Number.POSITIVE_INFINITY, signal, onDone } = options;
  const kinds = new GroupKinds(await readGroupDocuments(pipeline));
  const trials = new Trials();
  const runner = new TrialRunner(pipeline, options);
  let selected = 0;
  const seeAll = (all: readonly DlqEntry[]): void => {
    for (const entry of all) kinds.add(entry);
  };
  for await (const { entries } of selectPages(pipeline, filters, signal, seeAll)) {
    const some = entries.slice(0, limit - selected);
    await Promise.all(
      some.map(async (entry) => {
        const { consumer, fingerprint } = entry.letter;
        const outcome = await runner.run(entry);
        if (outcome === undefined) return;
        if (!('refused' in outcome)) trials.add(consumer, fingerprint, outcome);
        selected++;
        onDone?.();
      }),
    );
    if (selected >= limit || signal?.aborted === true) break;
  }
  const found = kinds.find();
  const idOf = (consumer: string, fingerprint: string): string =>
    found.idsOf(consumer, fingerprint)[0] ?? groupIdOf(consumer, fingerprint);
  return {
    selected,
    groups: trials.groups(idOf),
    refused: runner.refused,
    ...(signal?.aborted === true ? { interrupted: true as const } : {}),
  };
}

class TrialRunner {
  private readonly dryRuns = new Map<string, Promise<DryRun & { readonly consumer?: ConsumerSettings }>>();
  private readonly slots = new Map<string, Slots>();
  private readonly found = new Map<string, string>();
  private readonly registry: EventRegistry;
  private readonly aborted: Promise<undefined>;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly options: TestOptions,
  ) {
    const { signal } = options;
    this.registry = new EventRegistry(pipeline.config, undefined, keysOf(pipeline));
    this.aborted = new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  get refused(): { consumer: string; reason: string }[] {
    return [...this.found]
      .map(([consumer, reason]) => ({ consumer, reason }))
      .toSorted((a, b) => a.consumer.localeCompare(b.consumer));
  }

  /** Undefined: the signal came first. */
  async run(entry: DlqEntry): Promise<Outcome | { readonly refused: string } | undefined> {
    const { consumer: name } = entry.letter;
    let loading = this.dryRuns.get(name);
    if (!loading) this.dryRuns.set(name, (loading = this.load(name)));
    const dryRun = await loading;
    if ('refused' in dryRun || !dryRun.consumer) {
      const refused = 'refused' in dryRun ? dryRun.refused : '';
      this.found.set(name, refused);
      return { refused };
    }
    const { run, consumer } = dryRun;
    let slots = this.slots.get(name);
    if (!slots) this.slots.set(name, (slots = new Slots(consumer.concurrency)));
    await slots.take();
    try {
      return this.options.signal?.aborted ? undefined : await this.attempt(entry, run, consumer);
    } finally {
      slots.give();
    }
  }

  private async load(name: string): Promise<DryRun & { readonly consumer?: ConsumerSettings }> {
    const { config } = this.pipeline;
    const consumer = consumerNamed(config, name);
    if (config.external.some((one) => one.name === name)) return { refused: 'its worker is another program' };
    if (!consumer) return { refused: 'the config has no such consumer' };
    return { ...(await loadDryRun(consumer.handler, this.options.modules)), consumer };
  }

  private async attempt(
    { pointer }: DlqEntry,
    run: Extract<DryRun, { run: unknown }>['run'],
    consumer: ConsumerSettings,
  ): Promise<Outcome | undefined> {
    if (!pointer) return failed('what is in the DLQ is no dead letter');
    const { origin, cycle } = pointer;
    const original = await persistently(() => fetchEvent(this.pipeline, pointer), this.options.signal);
    if (original.state !== 'present') return failed(`the original is ${original.state}`);
    const { message, kept } = original;
    const event = { ...message, msgId: headerOf(message.headers, msgIdHeader), ...(kept ? { kept } : {}) };
    const facts = {
      consumer: consumer.name,
      stage: 'retry',
      attempt: 1,
      cycle: cycle + 1,
      idempotencyKey: `${consumer.name}/${origin.stream}/${origin.seq}/${origin.time}`,
      dryRun: true,
      log: () => this.options.log,
    } as const;
    const made = () => makeEvent(event, this.registry, consumer.numbers);
    const trial = runTrial(run, made, facts, consumer);
    const outcome = await Promise.race([trial.outcome, this.aborted]);
    if (outcome === undefined) trial.abort(new Error('interrupted'));
    return outcome;
  }
}

function failed(message: string): Outcome {
  return { kind: 'failed', failure: makeFailure('missing', 'Error', message) };
}
