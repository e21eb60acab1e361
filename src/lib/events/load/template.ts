import { closest } from '../../domain/closest.js';
import { escapeLine } from '../../domain/escape.js';
import { isoOfMs } from '../../domain/time.js';
import { UsageError } from '../../errors.js';
import type { Clock } from '../../flow/clock.js';

/** The text of the n-th event, from 1. */
export type Template = (n: number) => string;

type Part = string | Template;
type Maker = (argument: string, clock: Clock) => Template | undefined;

const makers: Readonly<Record<string, Maker>> = {
  n: plain(() => (n) => String(n)),
  uuid: plain((clock) => () => clock.uuid()),
  time: plain((clock) => () => isoOfMs(clock.now())),
  ms: plain((clock) => () => String(clock.now())),
  int: (argument, clock) => {
    const [, low, high] = /^(\d{1,15})-(\d{1,15})$/.exec(argument) ?? [];
    const [from, to] = [Number(low), Number(high)];
    if (!(from <= to)) return undefined;
    return () => String(from + Math.floor(clock.random() * (to - from + 1)));
  },
  pick: (argument, clock) => {
    const choices = argument.split('|');
    if (argument === '') return undefined;
    return () => choices[Math.floor(clock.random() * choices.length)] ?? '';
  },
};

/** Placeholders as people write them, for help and errors. */
export const placeholders = ['{{n}}', '{{uuid}}', '{{time}}', '{{ms}}', '{{int:1-100}}', '{{pick:a|b}}'];

const placeholder = /\{\{([^{}]*)\}\}/g;

/**
 * A text whose placeholders are filled in anew for each event; a text without any is returned as it is.
 *
 * @throws UsageError `BAD_TEMPLATE`
 */
export function readTemplate(text: string, clock: Clock): string | Template {
  const parts: Part[] = [];
  let end = 0;
  for (const found of text.matchAll(placeholder)) {
    addText(parts, text.slice(end, found.index));
    parts.push(fillerOf(found[1] ?? '', clock));
    end = found.index + found[0].length;
  }
  if (end === 0) {
    addText(parts, text);
    return text;
  }
  addText(parts, text.slice(end));
  return (n) => {
    let filled = '';
    for (const part of parts) filled += typeof part === 'string' ? part : part(n);
    return filled;
  };
}

function addText(parts: Part[], text: string): void {
  const open = text.indexOf('{{');
  if (open >= 0) throw bad(`expected }} after ${shown(text.slice(open, open + 20))}`);
  if (text !== '') parts.push(text);
}

function fillerOf(inside: string, clock: Clock): Template {
  const [, name = '', argument = ''] = /^\s*([^:]*?)\s*(?::(.*?))?\s*$/s.exec(inside) ?? [];
  const filler = Object.hasOwn(makers, name) ? makers[name]?.(argument, clock) : undefined;
  if (filler !== undefined) return filler;
  const near = closest(name, Object.keys(makers));
  const meant = placeholders.find((one) => one.startsWith(`{{${near}`));
  throw bad(
    `unknown placeholder ${shown(`{{${inside}}}`)}`,
    meant === undefined ? [] : [`did you mean ${meant}?`],
  );
}

function plain(make: (clock: Clock) => Template): Maker {
  return (argument, clock) => (argument === '' ? make(clock) : undefined);
}

function shown(text: string): string {
  return escapeLine(text);
}

function bad(message: string, suggestions: readonly string[] = []): UsageError {
  return new UsageError(`the data: ${message}`, {
    code: 'BAD_TEMPLATE',
    suggestions: [...suggestions, `placeholders are ${placeholders.join(', ')}`],
  });
}
