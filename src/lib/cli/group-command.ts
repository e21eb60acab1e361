import type { Command } from '@oclif/core/command';
import type { GroupDecision } from '../domain/group-decision.js';
import { changeGroup, stateOf, type GroupState } from '../dlq/groups/change-group.js';
import { findGroup } from '../dlq/groups/find-group.js';
import type { ReadSoFar } from '../nats/read/read-so-far.js';
import { renderDecision, renderGroupState } from '../render/groups.js';
import { renderReading } from '../render/progress.js';
import { type Suggestion, suggestCommand } from '../suggestion.js';
import { BaseCommand } from './base-command.js';
import { ChangingLine } from './output/changing-line.js';
import { viewOf } from './output/view.js';

/** What the commands print with `--json` that keep something about a group. */
export type DlqGroupResult = GroupState;

/**
 * A command that keeps something about a group: one line says what, and it is done. Nothing can be lost, so nobody is
 * asked, except, before that, for the name of a protected pipeline.
 */
export abstract class GroupCommand<T extends typeof Command> extends BaseCommand<T> {
  protected override async choices(): Promise<readonly Suggestion[]> {
    return [suggestCommand('dlq groups', { why: 'see which there are' })];
  }

  protected async decide(
    given: string,
    decision: GroupDecision,
    flags: { readonly incident?: string | undefined; readonly 'dry-run'?: boolean },
  ): Promise<void> {
    const { incident } = flags;
    const dryRun = flags['dry-run'] === true;
    const pipeline = await this.context.pipeline();
    let soFar: ReadSoFar | undefined;
    const line = new ChangingLine(process.stderr, () => soFar && renderReading(soFar));
    const found = await findGroup(pipeline, given, (now) => (soFar = now)).finally(() => line.end());
    const before = stateOf(found);
    const about = { server: pipeline.link.server, incident };
    if (!dryRun) await this.confirmProtected(`${renderDecision('Keep', before, decision, about)}?`);
    this.note(renderDecision(dryRun ? 'would keep' : 'keeping', before, decision, about));
    const state = dryRun
      ? before
      : await changeGroup(pipeline, found, decision, incident === undefined ? {} : { incident });
    this.output(state, () => renderGroupState(state, viewOf(process.stdout, this.colors)));
  }
}
