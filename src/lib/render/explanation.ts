import { escapeLine } from '../domain/escape.js';
import { endsOfKind } from '../domain/record-kinds.js';
import { mergedOrder } from '../domain/story.js';
import type { ConsumerState, Explanation, NextStep, Step } from '../events/explain/explanation.js';
import type { Colors } from './colors.js';
import type { View } from './dead-letters.js';
import { hanging, Repetitions } from './hanging.js';
import { kindColor } from './kind-color.js';
import { payloadMark, renderPayload } from './payload.js';
import { type Caller, hangingWithSuggestions } from './suggestion.js';
import { renderTime, renderWhen } from './time.js';

const words: Readonly<Record<ConsumerState, string>> = {
  resolved: 'resolved',
  'resolved-late': 'resolved late; its dead letter is still there',
  dead: 'dead',
  'aged-out': 'was dead for as long as dead letters stay, and was removed',
  discarded: 'discarded',
  archived: 'archived: kept out of the DLQ',
  moved: 'moved to another consumer',
  parked: 'parked in the retry stage',
  retrying: 'in the retry stage',
  failing: 'failing in the main stage',
  exhausted: 'attempts used up, about to be routed',
  broken: 'not where its records say',
  acknowledged: 'acknowledged; no record: processed at the first attempt',
  'no-trace': 'its consumer is past it, and no record says how it ended',
  'let-go': 'finished by another program: acknowledged, or given up without an advisory that reached us',
  waiting: 'not delivered yet',
  unknown: 'no record: processed at the first attempt, or being processed',
  'before-start': 'never delivered: older than the position where the consumer started',
  'no-consumer': 'the server has no such consumer',
};

/** The life of an event in order of time, where it stands with each consumer, and what is to come. */
export function renderExplanation(explanation: Explanation, view: View, caller?: Caller): string {
  const { consumers, next } = explanation;
  const { colors } = view;
  const blocks = [
    facts(explanation, view),
    content(explanation, colors),
    timeline(explanation, view),
    titled(
      'where it stands',
      consumers.map(({ consumer, state, note }) => {
        const before = `${escapeLine(consumer)}  `;
        const text = note === null ? words[state] : `${words[state]}: ${escapeLine(note)}`;
        const said = hanging(before.length, text, view.width - titledIndent);
        return before + stateColor(state, colors)(said);
      }),
      colors,
    ),
    titled(
      'what comes next',
      next.map((step) => nextLine(step, view, caller)),
      colors,
    ),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function facts({ event, origin, original, kept, scanned }: Explanation, { colors, nowMs }: View): string {
  const rows: [string, string][] = [
    ['subject', escapeLine(origin.subject)],
    ['id', origin.id === null ? 'none' : escapeLine(origin.id)],
    ['stored', `${renderTime(origin.time)} UTC, ${renderWhen(origin.time, nowMs)}`],
  ];
  if (event) {
    const size = `${count(event.bytes, 'byte')}, ${count(event.headers, 'header field')}`;
    rows.push(['content', kept ? `${size}; gone from its stream, and kept` : size]);
  } else {
    const why = original === 'replaced' ? 'replaced: its stream was recreated' : 'gone from its stream';
    rows.push(['content', colors.red(why)]);
  }
  if (scanned) {
    rows.push(['found', `among ${scanned.events} events, ${scanned.firstSeq} to ${scanned.lastSeq}`]);
  }
  const lines = rows.map(([name, value]) => `  ${colors.dim(name.padEnd(7))}  ${value}`);
  return [colors.bold(`${escapeLine(origin.stream)} ${origin.seq}`), ...lines].join('\n');
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function content({ event }: Explanation, colors: Colors): string {
  if (!event?.content) return '';
  const { headers } = event.content;
  const names = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => `${colors.dim(`${escapeLine(name)}:`)} ${escapeLine(value)}`),
  );
  return titled(
    `content${payloadMark(event.content)}`,
    [...names, ...renderPayload(event.content).split('\n')],
    colors,
  );
}

interface Line {
  readonly step: Step;
  readonly consumer: string;
  readonly place: number;
}

function timeline({ consumers, origin }: Explanation, { colors, width }: View): string {
  const repetitions = new Repetitions();
  const lines: Line[] = consumers
    .flatMap(({ consumer, history }) => {
      const places = mergedOrder(history);
      return history
        .map((step, i) => ({ step, consumer, place: places[i] ?? 0 }))
        .filter(({ step }) => !isReported(step, history));
    })
    .toSorted((a, b) => a.place - b.place);
  const several = consumers.length > 1;
  const widest = Math.max(0, ...lines.map(({ consumer }) => consumer.length));
  const published = `${renderTime(origin.time)}  published to ${escapeLine(origin.subject)}`;
  const shown = lines.map(({ step, consumer }) => {
    const { at, kind, tier, stage, cycle, text, worker, operator } = step;
    const where = `${tier === 'meta' ? 'meta ' : ''}${stage}${cycle === 0 ? '' : `/${cycle}`}`;
    const who = operator === null && worker !== null ? `  (${escapeLine(worker)})` : '';
    const name = several ? `${escapeLine(consumer).padEnd(widest)}  ` : '';
    const before = `${renderTime(at)}  ${name}${where.padEnd(7)}  `;
    const said = hanging(before.length, `${once(repetitions, escapeLine(text))}${who}`, width - titledIndent);
    const end = who !== '' && said.endsWith(who) ? who : '';
    const painted = kindColor(kind, colors)(said.slice(0, said.length - end.length));
    return `${before}${painted}${end === '' ? '' : colors.dim(end)}`;
  });
  return titled('life (UTC)', [published, ...shown], colors);
}

/** A text whose reason, after its first colon, is the one of the step before, says so. */
function once(repetitions: Repetitions, text: string): string {
  const [what = '', ...reason] = text.split(': ');
  return reason.length === 0 ? text : `${what}: ${repetitions.shown(reason.join(': '))}`;
}

/** That an attempt started says nothing more once it is known how it ended. */
function isReported(step: Step, history: readonly Step[]): boolean {
  if (step.kind !== 'ATTEMPT_STARTED') return false;
  return history.some(
    ({ kind, stage, cycle, attempt, journalSeq }) =>
      endsOfKind(kind) !== null &&
      journalSeq > step.journalSeq &&
      stage === step.stage &&
      cycle === step.cycle &&
      attempt === step.attempt,
  );
}

function nextLine(
  { consumer, at, text, suggestions }: NextStep,
  { nowMs, width }: View,
  caller: Caller | undefined,
): string {
  const who = consumer === null ? '' : `${consumer}: `;
  const when = at === null ? '' : `, ${renderTime(at)} UTC, ${renderWhen(at, nowMs)}`;
  return hangingWithSuggestions(titledIndent, `${who}${text}${when}`, width, suggestions, caller);
}

const titledIndent = 2;

function titled(title: string, lines: readonly string[], colors: Colors): string {
  if (lines.length === 0) return '';
  return [colors.bold(title), lines.join('\n').replace(/^/gm, ' '.repeat(titledIndent))].join('\n');
}

function stateColor(state: ConsumerState, colors: Colors): (text: string) => string {
  if (state === 'resolved' || state === 'acknowledged') return colors.green;
  if (state === 'dead' || state === 'aged-out' || state === 'broken') return colors.red;
  return (text) => text;
}
