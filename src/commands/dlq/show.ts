import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { viewOf } from '../../lib/cli/output/view.js';
import {
  type DeadLetterDetails,
  printedEvent,
  showDeadLetter,
  type ShownEvent,
  type EditedEvent,
} from '../../lib/dlq/show.js';
import { renderDeadLetter } from '../../lib/render/dead-letter.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';

/** What `dlq show --json` prints. */
export type DlqShowResult = Omit<DeadLetterDetails, 'event' | 'editedEvent'> & {
  readonly event: Omit<ShownEvent, 'text'> | null;
  readonly editedEvent?: Omit<EditedEvent, 'text'>;
};

export default class DlqShow extends BaseCommand<typeof DlqShow> {
  static override summary =
    'Show one dead letter: its event, why it died, and everything that happened to it.';
  static override description =
    'The event is read from the events stream: exactly the one that died, never another that took its place. The history is what the journal holds about this event and consumer, replays included. One that is archived is shown too.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> notifications-consumer/42',
    '<%= config.bin %> <%= command.id %> notifications-consumer/42 --json | jq .event.data',
  ];

  static override flags = {
    archived: Flags.boolean({ description: 'the archived one, where one of this id is in the DLQ too' }),
  };

  static override args = {
    id: Args.string({
      description: '<consumer>/<sequence of the event>, as dlq list prints it',
      required: true,
      ignoreStdin: true,
    }),
  };

  protected override async choices(): Promise<readonly Suggestion[]> {
    return [suggestCommand('dlq list', { why: 'see which there are' })];
  }

  async run(): Promise<void> {
    const pipeline = await this.context.pipeline();
    const details = await showDeadLetter(
      pipeline,
      this.args.id,
      this.flags.archived ? 'archived' : undefined,
    );
    const { event, editedEvent } = details;
    const result: DlqShowResult = {
      ...details,
      event: event && printedEvent(event),
      ...(editedEvent ? { editedEvent: printedEvent(editedEvent) } : {}),
    };
    this.output(result, () => renderDeadLetter(details, viewOf(process.stdout, this.colors)));
    if (this.flags.json) return;
    if (result.status === 'archived') {
      this.note(
        `\n${this.inWords(suggestCommand('dlq restore', { args: [result.id], why: 'put it back' }))}`,
      );
    } else if ((result.original === 'present' || result.edited) && !result.resolvedLate) {
      const next = suggestCommand('dlq replay', { args: [result.id], why: 'replay it' });
      this.note(`\n${this.inWords(next)}`);
    }
  }
}
