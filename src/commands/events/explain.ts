import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import { renderReading } from '../../lib/render/progress.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { printedEvent } from '../../lib/dlq/show.js';
import { explainEvent } from '../../lib/events/explain/explain.js';
import type { Explanation, StoredEventFacts } from '../../lib/events/explain/explanation.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { renderExplanation } from '../../lib/render/explanation.js';
import { spelledOut } from '../../lib/render/suggestion.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';

/** What `events explain --json` prints. */
export type EventsExplainResult = Omit<Explanation, 'event'> & {
  readonly event: (Omit<StoredEventFacts, 'content'> & { readonly content?: PrintedContent }) | null;
};

type PrintedContent = Omit<NonNullable<StoredEventFacts['content']>, 'text'>;

export default class EventsExplain extends BaseCommand<typeof EventsExplain> {
  static override summary = 'Show the whole life of one event: all consumers, all stages, in order of time.';
  static override description =
    'From the journal, the pointers and the state of the consumers: each failed attempt with its error and worker, exhaustions, routing, replays with who and why, success, and what is still to come. An event that its consumer processed at the first attempt leaves no record; only its acknowledgement shows. The content is shown only with --data.\n\nA message id is searched for in the headers of the newest events: the server has no index of ids.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 42',
    '<%= config.bin %> <%= command.id %> notifications-consumer/42',
    '<%= config.bin %> <%= command.id %> login-4711 --json | jq .consumers',
  ];

  static override args = {
    event: Args.string({
      description: "sequence of the event, <consumer>/<sequence>, or the event's message id",
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    data: Flags.boolean({ description: 'show headers and payload too' }),
    scan: countFlag({
      description: 'search this many of the newest events for a message id',
      defaultHelp: async () => '1000000',
    }),
  };

  protected override async choices(): Promise<readonly Suggestion[]> {
    return [
      suggestCommand('events explain', { args: [42], why: 'for example' }),
      suggestCommand('dlq list', { why: 'list the dead letters' }),
    ];
  }

  async run(): Promise<void> {
    const { data, scan } = this.flags;
    const pipeline = await this.context.pipeline();
    let soFar: ReadSoFar | undefined;
    const line = new ChangingLine(process.stderr, () => soFar && renderReading(soFar));
    const explanation = await explainEvent(pipeline, this.args.event, {
      withContent: data,
      onRead: (read) => {
        soFar = read;
      },
      ...(scan === undefined ? {} : { scanLimit: scan }),
    }).finally(() => line.end());
    const next = explanation.next.map((step) => spelledOut(step, 'text', this.context.caller));
    const result: EventsExplainResult = {
      ...explanation,
      event: explanation.event && printed(explanation.event),
      next,
    };
    this.output(result, () =>
      renderExplanation(explanation, viewOf(process.stdout, this.colors), this.context.caller),
    );
  }
}

function printed({ content, ...facts }: StoredEventFacts): EventsExplainResult['event'] {
  return content === undefined ? facts : { ...facts, content: printedEvent(content) };
}
