import { fileFlag } from '../../lib/cli/flags/global-flags.js';
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
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { OutputFile } from '../../lib/cli/output/output-file.js';
import { exportDeadLetters } from '../../lib/dlq/out/export.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { InterruptedError, UsageError } from '../../lib/errors.js';
import { type ExportFormat, exportFormats, exportText } from '../../lib/render/exported.js';
import { systemClock } from '../../lib/flow/clock.js';

/** What `dlq export --output <file> --json` prints. */
export interface DlqExportResult {
  /** As it was given. */
  readonly file: string;
  readonly format: ExportFormat;
  /** How many dead letters are in it. */
  readonly exported: number;
  /** How many of them are without their event, since it is gone; null: no events were asked for. */
  readonly withoutEvent: number | null;
}

interface Exported {
  readonly exported: number;
  readonly withoutEvent: number;
}

export default class DlqExport extends BaseCommand<typeof DlqExport> {
  static override summary = 'Export dead letters, with their events if you like.';
  static override description =
    `Writes all, or those that match, the oldest first: as NDJSON (one item of dlq list a line; with --with-data it has the event as dlq show prints it, each digit as it was published), or as CSV (RFC 4180). To stdout, or to a file, which appears when it is complete. The number of dead letters may be any: memory is bounded.

In CSV a cell that a spreadsheet would take for a formula has a ' in front, and control characters are escapes; NDJSON is exact.

${aboutSelections}`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --output dead-letters.ndjson',
    "<%= config.bin %> <%= command.id %> consumer:notifications-consumer 'age:<2h' --with-data --output incident.ndjson",
    '<%= config.bin %> <%= command.id %> --format csv --output dead-letters.csv --force',
    "<%= config.bin %> <%= command.id %> --with-data | jq -r '.event.data.email'",
  ];

  static override args = selectionArgs;

  static override flags = {
    ...deadLetterFlags,
    archived: archivedFlag,
    limit: countFlag({
      char: 'L',
      description: 'only the oldest of those that match',
      defaultHelp: async () => 'all',
    }),
    format: Flags.option({ options: exportFormats })({
      description: 'ndjson: a line of JSON for each; csv: for spreadsheets',
      defaultHelp: async () => 'ndjson',
    }),
    'with-data': Flags.boolean({ description: 'with the headers and the payload of each event' }),
    output: fileFlag({
      char: 'o',
      description: 'file to write to',
      helpValue: '<file>',
      defaultHelp: async () => 'stdout',
    }),
    force: Flags.boolean({ description: 'replace the file if it is there', dependsOn: ['output'] }),
  };

  private stop: AbortController | undefined;

  async run(): Promise<void> {
    const { output = '-', json, format = 'ndjson', 'with-data': withData, force } = this.flags;
    if (output === '') throw new UsageError('--output: expected the name of a file, found an empty text');
    const filters = filtersOf(this.flags, this.words);
    if (output === '-') {
      if (json && format === 'csv')
        throw new UsageError(
          '--json and --format csv: use only one of them, or write to a file with --output',
        );
      await this.export(filters, (text) => this.outputPart(text));
      return;
    }
    this.stop = new AbortController();
    const file = await OutputFile.create(output, `${systemClock.uuid()}.part`, force);
    try {
      const { exported, withoutEvent } = await this.export(filters, (text) => file.write(text));
      if (this.stop.signal.aborted)
        throw new InterruptedError(`interrupted: nothing was written to ${escapeLine(output)}`);
      await file.keep();
      const result = { file: output, format, exported, withoutEvent: withData ? withoutEvent : null };
      this.output(result satisfies DlqExportResult, () => '');
      if (!json) this.note(`${exported} exported to ${escapeLine(output)}`);
    } finally {
      await file.drop();
    }
  }

  private async export(
    filters: ReturnType<typeof filtersOf>,
    write: (text: string) => Promise<void>,
  ): Promise<Exported> {
    const { format = 'ndjson', limit, json, 'with-data': withData } = this.flags;
    const signal = this.stop?.signal;
    const pipeline = await this.context.pipeline();
    const { head, lineOf } = exportText(format, withData);
    let [exported, withoutEvent] = [0, 0];
    const line = this.progress(() => `${exported} exported`);
    try {
      await write(head);
      const pages = exportDeadLetters(pipeline, filters, {
        withData,
        ...(limit === undefined ? {} : { limit }),
        ...(signal === undefined ? {} : { signal }),
      });
      for await (const letters of pages) {
        await write(letters.map(lineOf).join(''));
        exported += letters.length;
        if (withData) withoutEvent += letters.filter(({ event }) => !event).length;
      }
    } finally {
      line?.end();
    }
    if (exported === 0 && !json) this.note('no dead letters');
    if (withoutEvent > 0 && !json) this.note(`${withoutEvent} without their event: it is gone`);
    return { exported, withoutEvent };
  }

  /** On a terminal that the dead letters themselves don't go to. */
  private progress(text: () => string): ChangingLine | undefined {
    const shown = process.stderr.isTTY && (this.stop !== undefined || !process.stdout.isTTY);
    return shown ? new ChangingLine(process.stderr, text) : undefined;
  }

  /** Of a file nothing is left then; what stdout has got it keeps. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.stop.abort();
  }
}
