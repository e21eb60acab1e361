import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { readData } from '../../lib/cli/flags/event-input.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { leastRateFlag, loadRateFlag } from '../../lib/cli/flags/load-rate-flag.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { OperationError } from '../../lib/errors.js';
import { loadEvents } from '../../lib/events/load/load.js';
import type { EventLoad, EventLoadOptions, LoadSoFar } from '../../lib/events/load/load-options.js';
import { defaultSizeBytes } from '../../lib/events/load/payloads.js';
import { defaultRate, planLoad } from '../../lib/events/load/plan-load.js';
import { placeholders } from '../../lib/events/load/template.js';
import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import { renderLimit, renderLoad, renderLoading, renderLoadPlan } from '../../lib/render/event-load.js';

/** What `events load --json` prints. */
export type EventsLoadResult = EventLoad;

/** The answer to the last event comes after its time: so much of a rate may be missing. */
const tolerance = 0.01;

export default class EventsLoad extends BaseCommand<typeof EventsLoad> {
  static override summary = 'Publish events at a steady rate, and measure how long it takes.';
  static override description =
    `The rate does not wait for answers: an event that is sent late, because this process or the server was slow, counts from when it was due. At the end it says how many were sent, stored and failed, the rate that was reached, and how long it took until they were stored (p50, p90, p99, max); with --end-to-end also until they arrived here.

Without --type the events are published as "load" below the root of the events stream, which most pipelines store and no consumer reads. Where consumers of the config read the events, their handlers will run on each: they are named, and the command asks first; without a terminal --yes is needed. The events stay in the stream like any others, until its limits remove them.

In --data ${placeholders.join(', ')} are filled in anew for each event. If the type has a schema, the first event is checked against it before anything is sent.

Exit codes: 0 done; 1 a rate below --at-least, nothing was stored, or answered no; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some events failed; 130 interrupted: says what was measured by then.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --rate 100 --duration 60',
    '<%= config.bin %> <%= command.id %> --rate 500 --duration 5m --size 1024 --at-least 500/s --json',
    `<%= config.bin %> <%= command.id %> --type totp.requested --data '{"email": "user{{n}}@example.com", "code": "{{int:100000-999999}}"}' --end-to-end --yes`,
    '<%= config.bin %> <%= command.id %> --rate max --duration 10s --publishers 4',
  ];

  static override flags = {
    rate: loadRateFlag({
      description: 'events per second; max: as fast as it can',
      helpValue: '<n>/s|max',
      defaultHelp: async () => `${defaultRate}/s`,
    }),
    duration: durationFlag({
      description: 'for how long; a number alone is seconds',
      helpValue: '<duration>',
      seconds: true,
      defaultHelp: async () => '1m',
    }),
    type: Flags.string({
      description: 'event type, or a full subject of the events stream',
      defaultHelp: async () => 'load, below the root of the events stream',
    }),
    data: Flags.string({
      description: 'payload, with placeholders: text, @<file>, or - for stdin',
      helpValue: '<template>',
      defaultHelp: async () => 'JSON of --size',
    }),
    size: countFlag({
      description: 'size of the payload in bytes',
      min: 0,
      max: 64 * 1024 * 1024,
      defaultHelp: async () => String(defaultSizeBytes),
      exclusive: ['data'],
    }),
    publishers: countFlag({
      description: 'connections that publish, in turn',
      max: 64,
      defaultHelp: async () => '1',
    }),
    'end-to-end': Flags.boolean({ description: 'also receive the events, and measure how long they took' }),
    'at-least': leastRateFlag({
      description: 'exit with 1 if the rate that was reached is lower, by more than 1 %',
    }),
    ...consentFlags,
  };

  private readonly stop = new AbortController();
  private line: ChangingLine | undefined;

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { rate, duration, type, size, publishers, 'end-to-end': endToEnd } = this.flags;
    const data = await readData(this.flags.data, { ...this.environment, stdin: process.stdin });
    const options: EventLoadOptions = {
      endToEnd,
      ...(rate === undefined ? {} : { rate }),
      ...(duration === undefined ? {} : { durationMs: duration }),
      ...(type === undefined ? {} : { type }),
      ...(data === undefined ? {} : { data }),
      ...(size === undefined ? {} : { sizeBytes: size }),
      ...(publishers === undefined ? {} : { publishers }),
    };
    const pipeline = await this.context.pipeline();
    const plan = await planLoad(pipeline, options);
    this.note(renderLoadPlan(plan));
    if (plan.consumers.length === 0) await this.confirmProtected('Publish these events?');
    else if (!(await this.confirm('Publish these events?')))
      throw new OperationError('nothing was published: the answer was no', { code: 'DECLINED' });
    const load = await this.measure(pipeline, options);
    this.output(load satisfies EventsLoadResult, () => renderLoad(load, this.colors));
    const limit = renderLimit(load);
    if (limit !== undefined) this.note(limit);
    this.judge(load);
  }

  private async measure(pipeline: Pipeline, options: EventLoadOptions): Promise<EventLoad> {
    let soFar: LoadSoFar | undefined;
    const line = new ChangingLine(process.stderr, () => soFar && renderLoading(soFar));
    this.line = line;
    return loadEvents(pipeline, {
      ...options,
      signal: this.stop.signal,
      onProgress: (now) => (soFar = now),
      onUnlogged: (reason) => this.note(`not in the operations log: ${reason}`),
    }).finally(() => line.end());
  }

  private judge({ errors, stored, rate }: EventLoad): void {
    const { 'at-least': least } = this.flags;
    const isBelow = least !== undefined && rate < least * (1 - tolerance);
    if (isBelow) this.note(`the rate is below --at-least ${least}/s`);
    if (this.stop.signal.aborted) process.exitCode = 130;
    else if (stored === 0 || isBelow) process.exitCode = 1;
    else if (errors > 0) process.exitCode = 5;
  }

  /** Sends no more, so that the result can say what was measured; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.line || this.stop.signal.aborted) return super.interrupt();
    this.line.end();
    this.note('stopping: waiting for the answers that are outstanding');
    this.stop.abort();
  }
}
