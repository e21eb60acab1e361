import { namedConnectionNotes, stoppingNote } from '../../lib/cli/notes/while-it-works.js';
import { resolve } from 'node:path';
import * as Args from '@oclif/core/args';
import { fileFlag } from '../../lib/cli/flags/global-flags.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { lastMomentFlag, momentFlag } from '../../lib/cli/flags/dead-letter-flags.js';
import { leastRateFlag } from '../../lib/cli/flags/load-rate-flag.js';
import { hoursFlag, speedFlag } from '../../lib/cli/flags/speed-flag.js';
import { printingToStderr } from '../../lib/cli/run/contain-handlers.js';
import { goOnWithReplay } from '../../lib/cli/notes/go-on.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { escapeJson, escapeLine } from '../../lib/domain/escape.js';
import { hideSecrets } from '../../lib/domain/secrets.js';
import { OperationError, UsageError } from '../../lib/errors.js';
import { type EventReplayPlan, planEventReplay } from '../../lib/events/replay/plan-replay.js';
import { nothingMeant } from '../../lib/events/read/types-meant.js';
import { replayEvents } from '../../lib/events/replay/replay-events.js';
import type {
  EventReplay,
  ReplayEventsOptions,
  ReplaySoFar,
} from '../../lib/events/replay/replay-options.js';
import type { StoredEvent } from '../../lib/events/read/stored-event.js';
import type { Handler } from '../../lib/handlers/contract.js';
import { loadHandlers } from '../../lib/handlers/load.js';
import { eventJson } from '../../lib/render/event-line.js';
import { renderEventReplay, renderEventReplayPlan, renderReplaying } from '../../lib/render/event-replay.js';

/** What `events replay --json` prints; with `--dry-run` the plan too. */
export type EventsReplayResult = EventReplay & { readonly plan?: EventReplayPlan };

const hourMs = 3_600_000;
const starts = ['since', 'hours', 'from-seq', 'all'];
const otherStarts = (own: string): string[] => starts.filter((one) => one !== own);
const uses = ['handler', 'to', 'to-context', 'to-server'];

const nothing: EventReplay = {
  read: 0,
  written: 0,
  failed: 0,
  duplicates: 0,
  firstSeq: null,
  lastSeq: null,
  seconds: 0,
  stopped: null,
  problems: [],
};

export default class EventsReplay extends BaseCommand<typeof EventsReplay> {
  static override summary = 'Read stored events again: for a handler, to other subjects, or to the terminal.';
  static override description =
    `Reads from a time, a sequence or the oldest, up to what is stored now. Nothing is acknowledged, and no consumer loses its place. To bring dead letters back, use dlq replay.

--handler calls the default export of a file with each event, one after the other, as pipeline run would (event.replayed is true). --to publishes them to another subject: one for all, or <from>=<to> with wildcards, such as 'events.>=load.>'; headers are kept, message ids are new. --to-context or --to-server publish them to another server. --output ndjson prints them.

Where consumers read the subjects that are written to, they are named, and the command asks first; without a terminal --yes is needed.

Each event is taken at least once, and none is left out unsaid: what can't be written ends the replay, and the command says from where to go on. With the same --name nothing is stored twice, within the duplicate window of the target.

Exit codes: 0 done, also when there were no events; 1 nothing was written, or answered no; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some failed, or it ended early; 130 interrupted: says what was done.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --hours 2 --handler ./handlers/analytics.mjs',
    "<%= config.bin %> <%= command.id %> --since 1d --to 'events.>=load.>' --speed 10x",
    "<%= config.bin %> <%= command.id %> 'events.user.>' --from-seq 4711 --to-context staging --rate 500 --yes",
    '<%= config.bin %> <%= command.id %> totp.requested --all --output ndjson > events.ndjson',
  ];

  static override args = {
    subjects: Args.string({
      description: 'event types, or subjects: * is a token, > the rest; several as words or with commas',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    since: momentFlag({
      description: 'from what was stored at or after this: a duration before now (2h), or an ISO time',
      exclusive: otherStarts('since'),
    }),
    hours: hoursFlag({ description: 'from so many hours ago', exclusive: otherStarts('hours') }),
    'from-seq': countFlag({
      description: 'from this sequence of the events stream',
      exclusive: otherStarts('from-seq'),
    }),
    all: Flags.boolean({ description: 'from the oldest', exclusive: otherStarts('all') }),
    until: lastMomentFlag({
      description:
        'only what was stored at or before this: a duration before now, or an ISO time; a date is its whole day',
      defaultHelp: async () => 'what is stored now',
    }),
    handler: fileFlag({
      description: 'call the default export of this file with each',
      helpValue: '<file>',
      exclusive: ['to', 'to-context', 'to-server', 'output'],
    }),
    to: Flags.string({
      description: 'publish each to this subject, or by a mapping with wildcards',
      helpValue: '<subject>|<from>=<to>',
      exclusive: ['output'],
    }),
    'to-context': Flags.string({
      description: 'publish to the server of this context of the nats CLI',
      helpValue: '<name>',
      exclusive: ['to-server', 'output'],
    }),
    'to-server': Flags.string({
      description: 'publish to this server',
      helpValue: '<url>',
      exclusive: ['output'],
    }),
    'keep-ids': Flags.boolean({ description: 'keep the message ids' }),
    name: Flags.string({
      description: 'begins the new message ids: the same again stores nothing twice',
      helpValue: '<name>',
      exclusive: ['keep-ids'],
      defaultHelp: async () => 'a new one',
    }),
    output: Flags.option({ options: ['text', 'json', 'ndjson'] as const })({
      char: 'o',
      description: 'json: same as --json; ndjson: print the events, one a line, and the result on stderr',
      helpGroup: 'GLOBAL',
      defaultHelp: async () => 'text',
    }),
    speed: speedFlag({
      description: 'by the times at which they were stored: 1x as it was, 10x ten times as fast',
      defaultHelp: async () => 'max',
    }),
    rate: leastRateFlag({ description: 'at most so many per second', defaultHelp: async () => 'no limit' }),
    'dry-run': Flags.boolean({ description: 'show the plan, read nothing' }),
    ...consentFlags,
  };

  private stop: AbortController | undefined;
  private line: ChangingLine | undefined;

  protected override get changes(): boolean {
    return this.flags.output !== 'ndjson' && !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun, handler, output } = this.flags;
    const options = await this.options();
    const pipeline = await this.context.pipeline();
    const target = await this.target();
    const notes = namedConnectionNotes((text) => this.between(text));
    for (const link of [pipeline.link, target]) link?.watch(notes);
    const all = { ...options, ...(target ? { target } : {}) };
    const plan = await planEventReplay(pipeline, all);
    for (const one of plan.subjects) {
      const hint = nothingMeant(pipeline.config, one);
      if (hint !== undefined) this.note(hint);
    }
    if (dryRun) return this.output({ ...nothing, plan }, () => renderEventReplayPlan(plan));
    this.note(renderEventReplayPlan(plan));
    await this.agree(plan);
    const name = plan.target?.ids ?? undefined;
    const replay = await this.carryOut(plan, (how) =>
      replayEvents(pipeline, { ...all, ...how, ...(name === undefined ? {} : { name }) }),
    );
    const done = handler === undefined ? (output === 'ndjson' ? 'printed' : 'written') : 'handled';
    if (output === 'ndjson') this.note(renderEventReplay(replay, done));
    else this.output(replay satisfies EventsReplayResult, () => renderEventReplay(replay, done));
    this.conclude(replay, plan);
  }

  private async options(): Promise<ReplayEventsOptions> {
    const { since, hours, 'from-seq': fromSeq, all, until, handler: file, to, output } = this.flags;
    const { 'keep-ids': keepIds, name, speed, rate } = this.flags;
    if (output !== 'ndjson' && uses.every((use) => !(use in this.flags))) {
      throw new UsageError(
        'expected what to do with the events: --handler, --to, --to-context, --to-server or --output ndjson',
      );
    }
    if (
      (keepIds || name !== undefined) &&
      to === undefined &&
      !('to-context' in this.flags || 'to-server' in this.flags)
    )
      throw new UsageError(
        `${keepIds ? '--keep-ids' : '--name'} is for events that are published: --to, --to-context or --to-server`,
      );
    const subjects = this.words.flatMap((word) => word.split(',')).map((word) => word.trim());
    const handler = file === undefined ? undefined : await this.load(file);
    const from = hours === undefined ? since : Date.now() - hours * hourMs;
    const given = { since: from, fromSeq, until, handler, to, name, speed, rate };
    return {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(all ? { all } : {}),
      ...(keepIds ? { keepIds } : {}),
      ...(output === 'ndjson' ? { onEvents: (events) => this.print(events) } : {}),
      ...(handler === undefined ? {} : { log: await this.context.logger() }),
      subjects,
    };
  }

  private async load(file: string): Promise<Handler> {
    const path = resolve(this.environment.cwd, file);
    const handlers = await loadHandlers([{ path: '--handler', file: path }], this.context.moduleOptions);
    return handlers.get(path) as Handler;
  }

  private async target() {
    const { 'to-context': context, 'to-server': server } = this.flags;
    if (context === undefined && server === undefined) return undefined;
    if (context === '' || server === '')
      throw new UsageError(
        `--to-${server === '' ? 'server' : 'context'}: expected another server, found an empty text`,
      );
    return this.context.elsewhere({
      ...(context === undefined ? {} : { context }),
      ...(server === undefined ? {} : { server }),
    });
  }

  /** Whoever reads what is written is concerned; a protected pipeline asks for its name. */
  private async agree({ target }: EventReplayPlan): Promise<void> {
    if (target === null) return;
    const { 'to-context': context } = this.flags;
    const isProtected = context !== undefined && this.environment.protectedContexts.includes(context);
    const why = isProtected
      ? `the context ${escapeLine(context)} is protected (PLUTOMI_PROTECTED)`
      : this.context.protection();
    if (target.consumers?.length === 0 && why === undefined)
      return this.confirmProtected('Publish these events?');
    if (await this.confirm('Publish these events?', why)) return;
    throw new OperationError('nothing was published: the answer was no', { code: 'DECLINED' });
  }

  private async carryOut(
    plan: EventReplayPlan,
    replay: (how: Partial<ReplayEventsOptions>) => Promise<EventReplay>,
  ): Promise<EventReplay> {
    let soFar: ReplaySoFar | undefined;
    this.stop = new AbortController();
    const show = (): string | undefined => soFar && renderReplaying(soFar, plan);
    // Lines that are printed would break it.
    if (this.flags.output !== 'ndjson' || !process.stdout.isTTY)
      this.line = new ChangingLine(process.stderr, show);
    const { signal } = this.stop;
    const work = (): Promise<EventReplay> =>
      replay({
        signal,
        onProgress: (now) => (soFar = now),
        onUnlogged: (reason) => this.note(`not in the operations log: ${reason}`),
      });
    // Without it, what a handler prints may be what it is run for.
    return (this.flags.json ? printingToStderr(work) : work()).finally(() => this.line?.end());
  }

  /** Progress is shown below it. */
  private between(text: string): void {
    this.line?.clear();
    this.note(text);
  }

  private async print(events: readonly StoredEvent[]): Promise<void> {
    await this.outputPart(escapeJson(events.map((event) => `${eventJson(event)}\n`).join('')));
  }

  private conclude(replay: EventReplay, { target }: EventReplayPlan): void {
    const { failed, lastSeq, read, stopped } = replay;
    const interrupted = this.stop?.signal.aborted === true;
    if (stopped !== null && !interrupted) this.note(`it ended early: ${escapeLine(stopped.message)}`);
    if (stopped !== null && read > 0) {
      this.note(lastSeq === null ? 'nothing of it is done' : `all up to ${lastSeq} is done`);
      const next = goOnWithReplay(this.words, this.flags, replay, target?.ids ?? undefined);
      this.note(hideSecrets(escapeLine(this.inWords(next))));
    }
    if (interrupted) process.exitCode = 130;
    else if (failed > 0 || stopped !== null) process.exitCode = 5;
  }

  /** Stops between two events, so that the result can say what was done; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.line?.end();
    this.note(stoppingNote);
    this.stop.abort();
  }
}
