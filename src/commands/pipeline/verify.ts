import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlagsOf } from '../../lib/cli/flags/consent-flags.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { OperationError } from '../../lib/errors.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { renderReading } from '../../lib/render/progress.js';
import { sharedSuggestions, spelledOut, withoutSuggestions } from '../../lib/render/suggestion.js';
import type { View } from '../../lib/render/dead-letters.js';
import { renderVerification } from '../../lib/render/verification.js';
import { repairVerified } from '../../lib/verify/repair/repair.js';
import { ignoring, type Verification, type Verified, warningKinds } from '../../lib/verify/verification.js';
import { verifyPipeline } from '../../lib/verify/verify.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `pipeline verify --json` prints. */
export type PipelineVerifyResult = Verification;

export default class PipelineVerify extends BaseCommand<typeof PipelineVerify> {
  static override summary = 'Prove that no event was lost on the way, or name those that were.';
  static override description =
    `Reads the journal, pointers, consumers and streams; the pipeline may be running. Every exhaustion must have been routed, every pointer must wait, be resolved or be dead, every dead letter must be there, replayed or discarded, every original must exist, no consumer may be about to lose what it has not processed, and streams and consumers must match the config. Warnings name what works now and may fail later.

With --repair it routes exhausted events that were never routed, and restores pointers, dead letters and exhaustions from what is left of them; what can't be restored stays a problem.

Exit codes: 0 nothing is broken; 1 there are problems, failed, or answered no; 2 usage, config, or --yes is missing; 4 can't connect or not allowed.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json | jq .problems',
    '<%= config.bin %> <%= command.id %> --repair --yes',
  ];

  static override flags = {
    repair: Flags.boolean({ description: 'repair what can be repaired' }),
    ignore: Flags.string({
      description: 'leave out warnings with this code; repeatable',
      options: [...warningKinds],
      multiple: true,
    }),
    ...consentFlagsOf('repair'),
  };

  protected override get changes(): boolean {
    return this.flags.repair;
  }

  async run(): Promise<void> {
    const pipeline = await this.context.pipeline();
    const verified = ignoring(await this.read(pipeline), this.flags.ignore ?? []);
    const repairable = verified.report.problems.filter((problem) => problem.repairable).length;
    let result: PipelineVerifyResult = verified.report;
    if (this.flags.repair && repairable > 0) {
      await this.agree(verified.report, repairable);
      result = await repairVerified(pipeline, verified);
    }
    this.output(this.spelledOut(result), () => this.page(result, viewOf(process.stdout, this.colors)));
    if (!this.flags.repair && !this.flags.json && repairable > 0) {
      const why = `repair ${repairable} of them`;
      this.note(`\n${this.inWords(suggestCommand('pipeline verify', { flags: { repair: true }, why }))}`);
    }
    if (!result.ok) process.exitCode = 1;
  }

  private async read(pipeline: Pipeline): Promise<Verified> {
    let soFar: ReadSoFar | undefined;
    const progress = new ChangingLine(process.stderr, () => soFar && renderReading(soFar));
    try {
      return await verifyPipeline(pipeline, {
        onRead: (read) => {
          soFar = read;
        },
      });
    } finally {
      progress.end();
    }
  }

  /** For people: what is to be done about several problems is said once, at the end. */
  private page(found: Verification, view: View): string {
    const said = sharedSuggestions(found.problems);
    const problems = found.problems.map((problem) => withoutSuggestions(problem, said));
    const text = renderVerification({ ...found, problems }, view, this.context.caller);
    return [text, ...said.map((one) => this.inWords(one))].join('\n');
  }

  private spelledOut({ problems, warnings, ...rest }: Verification): Verification {
    const { caller } = this.context;
    return {
      ...rest,
      problems: problems.map((problem) => spelledOut(problem, 'detail', caller)),
      warnings: warnings.map((warning) => spelledOut(warning, 'detail', caller)),
    };
  }

  private async agree(found: Verification, repairable: number): Promise<void> {
    if (!this.flags.yes || this.context.protection() !== undefined)
      this.note(this.page(found, viewOf(process.stderr, this.noteColors)));
    const what = repairable === 1 ? '1 problem' : `${repairable} problems`;
    if (await this.confirm(`Repair ${what} on ${escapeLine(found.server)}?`)) return;
    throw new OperationError('nothing was changed: the answer was no', { code: 'DECLINED' });
  }
}
