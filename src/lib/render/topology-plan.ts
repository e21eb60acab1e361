import type { Colors } from './colors.js';
import { escapeLine } from '../domain/escape.js';
import type { Consequence } from '../topology/impact/consequence.js';
import { describeConsequence, waysOut } from '../topology/impact/describe-consequence.js';
import { type Action, type Change, pathOf } from '../topology/diff/diff.js';
import type { FieldChange } from '../topology/diff/fields.js';
import { isImmutable } from '../topology/diff/immutable.js';
import type { Plan, PlannedChange } from '../topology/plan.js';
import { hanging } from './hanging.js';
import { renderField } from './plan-field.js';
import { anybody, type Caller, renderSuggestion, withSuggestions } from './suggestion.js';
import { suggestOther } from '../suggestion.js';

const titles: Readonly<Record<Action, string>> = {
  create: '+ create',
  update: '~ update',
  replace: '-/+ replace',
  orphan: '? orphan',
  none: '= unchanged',
};

/** What `pipeline apply` would do, as a diff; the pipeline and the server stand above it, the sums below. */
export function renderPlan(plan: Plan, colors: Colors, caller: Caller = anybody): string {
  const head = `${colors.bold(escapeLine(plan.pipeline))} on ${colors.bold(escapeLine(plan.server))}`;
  const blocks = plan.changes
    .filter(({ action, consequences }) => action !== 'none' || consequences.length > 0)
    .map((change) => renderChange(change, colors, caller));
  const overview = blocks.length > most ? [renderOverview(plan.changes, colors)] : [];
  return [head, ...overview, ...blocks, renderSummary(plan.changes)].join('\n\n');
}

/** More changes than these no longer fit on a screen with all their fields: their names come first. */
const most = 6;
const overviewWidth = 80;

/** `+ create 4 streams: events, …`, a line or two for each kind of change. */
function renderOverview(changes: readonly PlannedChange[], colors: Colors): string {
  const lines = (['create', 'update', 'replace', 'orphan'] as const).flatMap((action) =>
    (['stream', 'consumer'] as const).flatMap((kind) => {
      const these = changes.filter((change) => change.action === action && change.kind === kind);
      if (these.length === 0) return [];
      const before = `${titles[action]} ${these.length} ${kind}${these.length === 1 ? '' : 's'}: `;
      const names = these.map((change) => escapeLine(pathOf(change))).join(', ');
      return [`${paint(action, colors)(before.trimEnd())} ${hanging(before.length, names, overviewWidth)}`];
    }),
  );
  return lines.join('\n');
}

function paint(action: Action, { green, yellow, red, cyan, dim }: Colors): (text: string) => string {
  return { create: green, update: yellow, replace: red, orphan: cyan, none: dim }[action];
}

function renderChange(change: PlannedChange, colors: Colors, caller: Caller): string {
  const { action } = change;
  const title = `${titles[action]} ${change.kind} ${escapeLine(pathOf(change))}`;
  const lines = [
    ...explanation(change, caller),
    ...shownFields(change).flatMap((field) => renderField(field, action === 'create', colors)),
    ...change.consequences.map((one) => `${colors.bold('!')} ${escapeLine(renderConsequence(one, caller))}`),
  ];
  return [paint(action, colors)(title), ...lines.map((line) => `    ${line}`)].join('\n');
}

/** With what to do about it. */
export function renderConsequence(one: Consequence, caller: Caller): string {
  return withSuggestions(describeConsequence(one), waysOut(one), caller);
}

function explanation({ action, kind, name, stream = '', fields }: Change, caller: Caller): string[] {
  if (action === 'orphan') {
    const remove =
      kind === 'stream'
        ? suggestOther('nats', ['stream', 'rm', name])
        : suggestOther('nats', ['consumer', 'rm', stream, name]);
    const command = renderSuggestion(remove, caller);
    // A line of its own: it is there to be copied.
    return ['no longer in the config, and left alone; to delete it:', escapeLine(`  ${command}`)];
  }
  if (action !== 'replace') return [];
  return fields.some((field) => isImmutable(kind, field))
    ? [escapeLine(`will be deleted and created again: needs --replace ${name}`)]
    : ['will be deleted with its stream and created again'];
}

/** What is the same for every object of ours says nothing about a new one. */
const unsaidOfNew: readonly string[] = [
  'ack_policy',
  'replay_policy',
  'max_deliver',
  'allow_direct',
  'metadata.plutomi-events.pipeline',
];

function shownFields({ action, fields }: Change): readonly FieldChange[] {
  if (action !== 'create') return fields;
  return fields.filter(({ path, to }) => to !== -1 && !unsaidOfNew.includes(path));
}

/** The consequences alone, one line each with what they are of. */
export function renderConsequences(plan: Plan, caller: Caller = anybody): readonly string[] {
  return plan.changes.flatMap((change) =>
    change.consequences.map((one) =>
      escapeLine(`${change.action} ${change.kind} ${pathOf(change)}: ${renderConsequence(one, caller)}`),
    ),
  );
}

/** `3 to create, 1 to update.` or `No changes. The server matches the config.` */
export function renderSummary(changes: readonly Change[]): string {
  const count = (action: Action): number => changes.filter((change) => change.action === action).length;
  const parts = (['create', 'update', 'replace'] as const)
    .filter((action) => count(action) > 0)
    .map((action) => `${count(action)} to ${action}`);
  const orphans = count('orphan');
  const left = orphans === 0 ? '' : ` ${orphans} ${orphans === 1 ? 'orphan' : 'orphans'} left alone.`;
  const sums = parts.length === 0 ? 'No changes. The server matches the config.' : `${parts.join(', ')}.`;
  return sums + left;
}
