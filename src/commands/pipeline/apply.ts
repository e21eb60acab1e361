import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import { logApply } from '../../lib/topology/log-apply.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { describeMove, describeMoved, emptiedBy, parseMoves } from '../../lib/cli/flags/moves.js';
import { type Move, type Moved, movePointers, planMove, type MovePlan } from '../../lib/dlq/move.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { OperationError } from '../../lib/errors.js';
import { type Caller, renderSuggestion, withSuggestions } from '../../lib/render/suggestion.js';
import { renderConsequence, renderConsequences, renderPlan } from '../../lib/render/topology-plan.js';
import {
  type AppliedComparison,
  compareApplied,
  describeApplied,
  storeApplied,
} from '../../lib/operations/applied.js';
import { applyPlan, planTopology } from '../../lib/topology/apply.js';
import { type Consequence, losesSomething } from '../../lib/topology/impact/consequence.js';
import { type Change, isPending, pathOf } from '../../lib/topology/diff/diff.js';
import { readTightLimits } from '../../lib/topology/record-sizes.js';
import type { Plan, PlannedChange } from '../../lib/topology/plan.js';
import { conflictError, refusalOf, unknownName } from '../../lib/topology/refusal.js';

/** What `pipeline apply --json` prints. */
export interface ApplyResult {
  readonly pipeline: string;
  readonly server: string;
  readonly changes: readonly (Change & { readonly consequences: readonly ToldConsequence[] })[];
  /** The changes were made. False: there were none, or `--dry-run` or `--check` was given. */
  readonly applied: boolean;
  /** Only with `--move-dead-letters`. */
  readonly moved?: readonly Moved[];
}

/** In numbers, and as a sentence. */
type ToldConsequence = (
  | Exclude<Consequence, { readonly what: 'silent' }>
  | (Omit<Extract<Consequence, { readonly what: 'silent' }>, 'command'> & { readonly command: string | null })
) & { readonly message: string };

export default class PipelineApply extends BaseCommand<typeof PipelineApply> {
  static override summary = 'Create and update the streams and consumers of the config.';
  static override description =
    `Compares the config with the server, shows the difference, asks, and makes the server match.

What the server can't change in place (storage, where a consumer starts, …) is shown as a replacement, with what it would cost, and refused unless --replace names it. A lowered limit that deletes stored messages (events that are too old or too many, and what waits for them) is shown with numbers. On a terminal you are asked; elsewhere it is refused unless --allow-loss names the stream.

At the end the config is stored on the server, without secrets, for those who have no config file: the other commands work with credentials alone then. A config that differs only in what is stored is stored without a question, and --check does not count it as a change.

What this pipeline does not own is never touched. What it owns and the config no longer has is listed as an orphan, is never deleted, and does not count as a change.

Exit codes: 0 the server matches, or a plan was shown; 1 refused, failed, or answered no (with --check and --dry-run too, if another owner has one of these names or subjects); 2 usage, config, or --yes is missing; 3 --check found changes; 4 can't connect or not allowed.`;

  static override examples = [
    { description: 'Show what would change', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    {
      description: 'In CI: exit 3 when the server differs',
      command: '<%= config.bin %> <%= command.id %> --check',
    },
    { description: 'Without a terminal', command: '<%= config.bin %> <%= command.id %> --yes' },
    {
      description: 'Allow a stream to be deleted and created again',
      command: '<%= config.bin %> <%= command.id %> --replace events',
    },
    {
      description: 'Allow a lower maxAge or maxBytes to delete stored messages',
      command: '<%= config.bin %> <%= command.id %> --yes --allow-loss events',
    },
    {
      description: 'After billing was renamed to invoices in the config',
      command: '<%= config.bin %> <%= command.id %> --move-dead-letters billing=invoices',
    },
  ];

  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing', exclusive: ['check'] }),
    check: Flags.boolean({ description: 'show the plan, change nothing, exit 3 when there are changes' }),
    ...consentFlags,
    replace: Flags.string({
      description: 'stream or consumer that may be deleted and created again; repeatable',
      helpValue: '<name>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'allow-loss': Flags.string({
      description:
        'stream whose stored messages a lowered limit may delete, or what may be left behind; repeatable',
      helpValue: '<name>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'move-dead-letters': Flags.string({
      description:
        'move the waiting retries and dead letters of a renamed consumer to its new name; repeatable',
      helpValue: '<old>=<new>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    adopt: Flags.boolean({
      description: 'take over objects with these names that this pipeline does not own',
    }),
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'] && !this.flags.check;
  }

  protected override get needsProject(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun, check, adopt, replace = [], 'allow-loss': allowLoss = [] } = this.flags;
    const wanted = parseMoves(this.flags['move-dead-letters']);
    const pipeline = await this.context.pipeline();
    const [plan, stored] = await Promise.all([planTopology(pipeline, { adopt }), compareApplied(pipeline)]);
    const moves = await Promise.all(wanted.map((move) => planMove(pipeline, move)));
    this.show(plan, moves);
    for (const { detail, suggestions } of await readTightLimits(pipeline)) {
      this.note(`Warning: ${escapeLine(withSuggestions(detail, suggestions, this.context.caller))}`);
    }
    const wrong = unknownName(plan, { replace, allowLoss }) ?? conflictError(plan.conflicts);
    if (wrong) throw wrong;
    this.noteConfig(pipeline, plan, stored);

    const emptied = emptiedBy(plan, wanted);
    const losing = plan.changes.filter((one) => losesSomething(one) && !emptied.includes(pathOf(one)));
    const pending = plan.changes.filter(isPending).length;
    const open = pending + losing.length + moves.reduce((sum, { retry, dlq }) => sum + retry + dlq, 0) > 0;
    if (dryRun || check) {
      this.output(result(plan, false, this.context.caller), () => '');
      if (check && open) process.exitCode = 3;
      return;
    }
    const asked = this.isAsked ? losing.map(pathOf) : [];
    const allowed = { replace, allowLoss: [...allowLoss, ...emptied, ...asked] };
    const refusal = refusalOf(plan, allowed);
    if (refusal) throw refusal;
    const protection = this.context.protection(stored.protected);
    const stores = stored.action !== 'none';
    // What is stored is nothing that anybody could lose.
    if (open || (stores && protection !== undefined))
      await this.agree(question(plan.server, pending, losing, moves), protection);
    await applyPlan(pipeline, plan, allowed);
    // Last: what it is about is there then, and whoever is killed before it stores it the next time. When
    // it was applied last counts, also where nothing differs: groups are muted until then.
    await storeApplied(pipeline, { again: true });
    if (open || stores) {
      const unlogged = await logApply(pipeline, { changes: plan.changes, differs: stored.differs });
      if (unlogged !== undefined) this.note(`Warning: operations log lacks this: ${escapeLine(unlogged)}`);
    }
    const moved = await this.move(pipeline, wanted);
    this.output(
      {
        ...result(plan, pending > 0, this.context.caller),
        ...(wanted.length > 0 ? { moved } : {}),
      },
      () =>
        [...moved.map(describeMoved), ...(open ? ['Done: the server matches the config.'] : [])].join('\n'),
    );
  }

  /** Which of two configs is on the server is no change of streams or consumers, and does not count as one. */
  private noteConfig({ config: { file } }: Pipeline, { changes }: Plan, stored: AppliedComparison): void {
    if (stored.action === 'create' && changes.some(isPending)) return;
    const said = describeApplied(stored, file);
    const then = this.changes ? 'this apply will store it' : 'pipeline apply stores it';
    if (said !== undefined) this.note(escapeLine(`${said}; ${then}`));
  }

  private async move(pipeline: Pipeline, wanted: readonly Move[]): Promise<Moved[]> {
    const moved: Moved[] = [];
    for (const one of wanted) moved.push(await movePointers(pipeline, one));
    const skipped = moved.flatMap((one) => one.skipped);
    for (const { id, reason } of skipped) this.note(escapeLine(`${id} was not moved: ${reason}`));
    if (skipped.length > 0) process.exitCode = 5;
    return moved;
  }

  /** On a terminal the answer to the question stands for the flag that scripts must give. */
  private get isAsked(): boolean {
    return this.interactive && !this.flags.yes && this.flags.confirm === undefined;
  }

  /** The plan on stdout; with `--json` only its consequences, on stderr. */
  private show(plan: Plan, moves: readonly MovePlan[]): void {
    const moving = moves.map((one) => escapeLine(describeMove(one)));
    if (!this.flags.json)
      process.stdout.write(
        `${[renderPlan(plan, this.colors, this.context.caller), ...moving].join('\n\n')}\n`,
      );
    else for (const line of [...renderConsequences(plan, this.context.caller), ...moving]) this.note(line);
  }

  private async agree(question: string, protection: string | undefined): Promise<void> {
    if (await this.confirm(escapeLine(question), protection)) return;
    throw new OperationError('nothing was changed: the answer was no', { code: 'DECLINED' });
  }
}

/** What is asked: what is lost, then what is done. */
function question(
  server: string,
  pending: number,
  losing: readonly PlannedChange[],
  moves: readonly MovePlan[],
): string {
  const orphans = losing.filter(({ action }) => action === 'orphan').map(pathOf);
  const ending = losing.filter(({ action }) => action !== 'orphan').map(pathOf);
  const lost = ending.length === 0 ? '' : `What is marked with ! in ${ending.join(', ')} will be lost. `;
  const left = orphans.length === 0 ? '' : `What waits in ${orphans.join(', ')} will be left behind. `;
  const changes = pending === 1 ? 'Make this change' : `Make these ${pending} changes`;
  const parts = [...(pending > 0 ? [changes] : []), ...(moves.length > 0 ? ['move the dead letters'] : [])];
  const nothing = losing.length > 0 ? 'Leave it' : 'Store the config';
  const what = parts.length === 0 ? nothing : parts.join(', and ');
  return `${lost}${left}${what.charAt(0).toUpperCase()}${what.slice(1)} on ${server}?`;
}

function result({ pipeline, server, changes }: Plan, applied: boolean, caller: Caller): ApplyResult {
  return {
    pipeline,
    server,
    changes: changes.map(({ action, kind, name, stream, fields, consequences }) => ({
      action,
      kind,
      name,
      ...(stream === undefined ? {} : { stream }),
      fields,
      consequences: consequences.map((one) => told(one, caller)),
    })),
    applied,
  };
}

function told(one: Consequence, caller: Caller): ToldConsequence {
  const message = renderConsequence(one, caller);
  if (one.what !== 'silent') return { ...one, message };
  const command = one.command && renderSuggestion(one.command, caller);
  return { ...one, command, message };
}
