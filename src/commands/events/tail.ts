import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { lastMomentFlag, momentFlag } from '../../lib/cli/flags/dead-letter-flags.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { escapeBlock, escapeJson } from '../../lib/domain/escape.js';
import { UsageError } from '../../lib/errors.js';
import { hearEvents } from '../../lib/events/read/hear-events.js';
import { tailEvents } from '../../lib/events/read/read-events.js';
import type { HeardEvent, StoredEvent } from '../../lib/events/read/stored-event.js';
import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import { eventJson, renderEvent } from '../../lib/render/event-line.js';
import { TailNotes } from '../../lib/cli/notes/tail-notes.js';

/** One line of `events tail --json`. */
export type EventsTailResult = ReturnType<StoredEvent['toJSON']>;

const starts = ['since', 'from-seq', 'all', 'new', 'last-per-subject'] as const;
const exclusive = (own: (typeof starts)[number]): string[] => [
  ...starts.filter((one) => one !== own),
  'core',
];

export default class EventsTail extends BaseCommand<typeof EventsTail> {
  static override summary = 'Show stored events, and new ones as they come.';
  static override description =
    `Reads the events stream on its own: nothing is taken from a consumer, nothing is acknowledged, and nothing is left on the server. Goes on over reconnects without missing or repeating an event. Ends with Ctrl-C (exit 130), or with --count, --duration, --until or --no-follow (exit 0).

With --group several share the events, each gets its part: the group is a durable consumer, which the first of them makes with its start and its subjects, and which stays. An event is acknowledged once its line is written.

With --core it is a plain subscription of NATS: what is published meanwhile, at most once, whether or not it is stored.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> totp.requested,user.created --since 1h',
    "<%= config.bin %> <%= command.id %> 'events.user.>' --last-per-subject --no-follow --json",
    '<%= config.bin %> <%= command.id %> --group session_handlers --duration 60s',
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
      description: 'begin with what was stored at or after this: a duration before now (2h), or an ISO time',
      exclusive: exclusive('since'),
    }),
    'from-seq': countFlag({
      description: 'begin with this sequence of the events stream',
      exclusive: exclusive('from-seq'),
    }),
    all: Flags.boolean({ description: 'begin with the oldest', exclusive: exclusive('all') }),
    new: Flags.boolean({
      description: 'begin with what comes from now on: the default, but for --no-follow',
      exclusive: exclusive('new'),
    }),
    'last-per-subject': Flags.boolean({
      description: 'begin with the last event of each subject',
      exclusive: exclusive('last-per-subject'),
    }),
    until: lastMomentFlag({
      description:
        'only what was stored at or before this: a duration before now, or an ISO time; a date is its whole day',
      defaultHelp: async () => 'no end',
      exclusive: ['core'],
    }),
    group: Flags.string({
      description: 'share the events with all that name the same group, a durable consumer',
      helpValue: '<name>',
      exclusive: ['core'],
    }),
    count: countFlag({ description: 'stop after this many events' }),
    duration: durationFlag({
      description: 'stop after this time',
      helpValue: '<duration>',
      defaultHelp: async () => 'no end',
    }),
    'no-follow': Flags.boolean({ description: 'print what is there now, and stop', exclusive: ['core'] }),
    core: Flags.boolean({ description: 'a plain subscription: at most once, nothing stored' }),
    queue: Flags.string({
      description: 'of all that name the same queue, one hears each event',
      helpValue: '<name>',
      dependsOn: ['core'],
    }),
    output: Flags.option({ options: ['text', 'json', 'ndjson'] as const })({
      char: 'o',
      description: 'json and ndjson: a line of JSON for each, same as --json',
      helpGroup: 'GLOBAL',
      defaultHelp: async () => 'text',
    }),
    raw: Flags.boolean({
      description: 'only the payload of each, byte by byte, and a line feed',
      exclusive: ['json'],
    }),
  };

  private readonly end = new AbortController();
  private interrupted = false;

  async run(): Promise<void> {
    const { duration, raw, output } = this.flags;
    if (raw && (output === 'json' || output === 'ndjson'))
      throw new UsageError(`--raw and --output ${output}: use only one of them`);
    const notes = new TailNotes(this.flags, (text) => this.note(text));
    const pipeline = await this.context.pipeline();
    pipeline.link.watch((state) => notes.connection(state));
    if (duration !== undefined) setTimeout(() => this.end.abort(), duration).unref();
    for await (const events of this.events(pipeline, notes)) {
      await this.outputPart(this.textOf(events));
      notes.shown(events);
    }
    notes.summary();
    if (this.interrupted) process.exitCode = 130;
  }

  private async *events(
    pipeline: Pipeline,
    notes: TailNotes,
  ): AsyncGenerator<readonly (StoredEvent | HeardEvent)[]> {
    const { since, until, group, count, core, queue, all, new: fromNow } = this.flags;
    const { 'from-seq': fromSeq, 'last-per-subject': lastPerSubject, 'no-follow': noFollow } = this.flags;
    const subjects = this.words.flatMap((word) => word.split(',')).map((word) => word.trim());
    notes.subjects(pipeline.config, subjects);
    const common = { subjects, signal: this.end.signal, ...(count === undefined ? {} : { count }) };
    if (core) {
      const heard = hearEvents(pipeline, {
        ...common,
        ...(queue === undefined ? {} : { queue }),
        onListening: (to) => notes.listening(to),
        onDropped: (dropped) => notes.dropped(dropped),
      });
      for await (const event of heard) yield [event];
      return;
    }
    yield* tailEvents(pipeline, {
      ...common,
      all,
      new: fromNow,
      lastPerSubject,
      follow: !noFollow,
      ...(since === undefined ? {} : { since }),
      ...(fromSeq === undefined ? {} : { fromSeq }),
      ...(until === undefined ? {} : { until }),
      ...(group === undefined ? {} : { group }),
      onStart: (stored) => notes.start(stored),
      onGroup: (joined) => notes.group(joined),
    });
  }

  private textOf(events: readonly (StoredEvent | HeardEvent)[]): string | Uint8Array {
    const { json, output, raw } = this.flags;
    if (raw && process.stdout.isTTY)
      return events
        .map(
          ({ text, raw: bytes }) => `${escapeBlock(text ?? `(${bytes.length} bytes that are not text)`)}\n`,
        )
        .join('');
    if (raw) return Buffer.concat(events.flatMap((event) => [event.raw, lineFeed]));
    if (json || output === 'ndjson')
      return escapeJson(events.map((event) => `${eventJson(event)}\n`).join(''));
    const view = viewOf(process.stdout, this.colors);
    return events.map((event) => `${renderEvent(event, view)}\n`).join('');
  }

  /** Ctrl-C is the usual way to stop following: it ends cleanly, with 130 and without an error. */
  protected override interrupt(): void {
    if (this.interrupted) super.interrupt();
    this.interrupted = true;
    this.end.abort();
  }
}

const lineFeed = Buffer.from('\n');
