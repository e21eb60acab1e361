import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  archivedFlag,
  deadLetterFlags,
  filtersOf,
  selectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { type DeadLetterGroups, groupDeadLetters, groupings } from '../../lib/dlq/group.js';
import type { DeadLetterItem } from '../../lib/dlq/item.js';
import {
  type DeadLetterList,
  type DeadLetterPage,
  defaultListLimit,
  readDeadLetters,
} from '../../lib/dlq/list.js';
import { type DeadLetterFilters, selectionOfFilters } from '../../lib/dlq/filters.js';
import { keysOfEvents } from '../../lib/dlq/sift.js';
import { escapeJson, escapeLine } from '../../lib/domain/escape.js';
import { UsageError } from '../../lib/errors.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq list --json` prints; the second with `--group-by`. */
export type DlqListResult = DeadLetterList | DeadLetterGroups;

/** Rows of a table: a longer list is shown as several tables, so that the first rows don't wait for the last. */
const tableRows = 1000;

interface JsonLayout {
  readonly head: string;
  readonly textOf: (item: DeadLetterItem) => string;
  readonly between: string;
  readonly tail: (total: number, any: boolean) => string;
}

const onOneLine: JsonLayout = {
  head: '{"items":[',
  textOf: (item) => JSON.stringify(item),
  between: ',',
  tail: (total) => `],"total":${total}}\n`,
};

const laidOut: JsonLayout = {
  head: '{\n  "items": [\n    ',
  textOf: (item) => JSON.stringify(item, undefined, 2).replaceAll('\n', '\n    '),
  between: ',\n    ',
  tail: (total, any) => `${any ? '\n  ' : ''}],\n  "total": ${total}\n}\n`,
};

export default class DlqList extends BaseCommand<typeof DlqList> {
  static override summary = 'List the dead letters: what died, when and why.';
  static override description =
    `Oldest first: all, or those that match each of the words and flags. A dead letter names an event and the consumer that failed on it; the event itself stays in the events stream until it expires there. TRIES counts the attempts of the main and the retry stage. CYCLE, shown when a dead letter was replayed and died again, counts its replays. ORIGINAL follows from the state of the events stream; dlq show reads the event itself. Archived dead letters are shown with --archived (or status:archived; status:* shows both).

Lines are printed as they are read: with --output ndjson or --json, a million dead letters take no more memory than a page.

${aboutSelections}

--group-by counts instead: by reason (reasons that differ only in hosts, ids, numbers and the like count as one), consumer or subject; largest group first.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 2h --group-by reason',
    "<%= config.bin %> <%= command.id %> consumer:notifications-consumer 'age:>1h' timeout",
    "<%= config.bin %> <%= command.id %> -kind:timeout 'data.email:*@example.com' 'expires:<24h'",
    '<%= config.bin %> <%= command.id %> --cycle 1+',
    "<%= config.bin %> <%= command.id %> --consumer notifications-consumer --subject 'events.totp.*' --json",
    '<%= config.bin %> <%= command.id %> --limit 1000000 --output ndjson > dead-letters.ndjson',
  ];

  static override args = selectionArgs;

  static override flags = {
    ...deadLetterFlags,
    archived: archivedFlag,
    limit: countFlag({
      char: 'L',
      description: 'maximum number of dead letters, or groups, to show; the total counts all',
      defaultHelp: async () => `${defaultListLimit}, groups: all`,
    }),
    'group-by': Flags.option({ options: groupings })({ description: 'count instead of listing' }),
    output: Flags.option({ options: ['table', 'json', 'ndjson'] as const })({
      char: 'o',
      description: 'json: same as --json; ndjson: one item per line',
      exclusive: ['json'],
      defaultHelp: async () => 'table',
    }),
  };

  async run(): Promise<void> {
    const { limit, 'group-by': by, output } = this.flags;
    if (by !== undefined && output === 'ndjson') {
      throw new UsageError(
        '--output ndjson lists dead letters, --group-by counts them: use only one of them',
      );
    }
    const filters = filtersOf(this.flags, this.words);
    const pipeline = await this.context.pipeline();
    this.sayWhatIsRead(filters);
    if (by === undefined) return this.list(pipeline, filters, limit ?? defaultListLimit);
    const result = await groupDeadLetters(pipeline, filters, by, limit);
    const { renderGroups } = await import('../../lib/render/dead-letters.js');
    const view = viewOf(process.stdout, this.colors);
    this.output(result, () => (result.total > 0 ? renderGroups(result.groups, by, view) : ''));
    this.suggest(result.total, result.groups.length, result.groups[0]?.sample, 'groups');
  }

  /** It takes longer than a list that reads dead letters alone. */
  private sayWhatIsRead(filters: DeadLetterFilters): void {
    const keys = keysOfEvents(selectionOfFilters(filters).terms);
    if (keys.length > 0 && !this.flags.json)
      this.note(`reading the events, for ${escapeLine(keys.join(', '))}`);
  }

  private async list(pipeline: Pipeline, filters: DeadLetterFilters, limit: number): Promise<void> {
    const pages = readDeadLetters(pipeline, filters, { limit });
    if (this.flags.json) return this.asJson(pages);
    let [shown, total, first]: [number, number, string | undefined] = [0, 0, undefined];
    let rows: DeadLetterItem[] = [];
    for await (const page of pages) {
      first ??= page.items[0]?.id;
      shown += page.items.length;
      total = page.total ?? total;
      if (this.flags.output === 'ndjson') {
        await this.outputPart(escapeJson(page.items.map((item) => `${JSON.stringify(item)}\n`).join('')));
        continue;
      }
      rows.push(...page.items);
      if (rows.length < tableRows && shown < limit && page.total === undefined) continue;
      await this.asTable(rows);
      rows = [];
    }
    this.suggest(total, shown, first, 'items');
  }

  private async asTable(rows: readonly DeadLetterItem[]): Promise<void> {
    if (rows.length === 0) return;
    const { renderDeadLetters } = await import('../../lib/render/dead-letters.js');
    await this.outputPart(`${renderDeadLetters(rows, viewOf(process.stdout, this.colors))}\n`);
  }

  /** One value, `{items, total}`, written while it is read: it is never held as a whole. */
  private async asJson(pages: AsyncIterable<DeadLetterPage>): Promise<void> {
    const { head, textOf, between, tail } = process.stdout.isTTY ? laidOut : onOneLine;
    let before = head;
    for await (const { items, total } of pages) {
      let text = '';
      for (const item of items) {
        text += before + textOf(item);
        before = between;
      }
      if (total !== undefined) text += (before === head ? head.trimEnd() : '') + tail(total, before !== head);
      if (text !== '') await this.outputPart(escapeJson(text));
    }
  }

  private suggest(total: number, shown: number, id: string | undefined, what: 'groups' | 'items'): void {
    if (this.flags.json) return;
    if (total === 0) return this.note(this.flags.archived ? 'no archived dead letters' : 'no dead letters');
    if (what === 'items' && shown < total) {
      this.note(
        `\n${shown} of ${total}, the oldest; count them with --group-by reason, show more with --limit`,
      );
    } else if (what === 'groups') this.note(`\n${total} dead letter${total === 1 ? '' : 's'}`);
    if (id !== undefined)
      this.note(this.inWords(suggestCommand('dlq show', { args: [id], why: 'see why one died' })));
  }
}
