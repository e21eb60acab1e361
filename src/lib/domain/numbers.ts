import { type Decoded, malformed, parseJson } from './decode.js';
import { JsonText, tokensOf } from './json-text.js';

/**
 * What a number of a payload becomes that JavaScript's own numbers can't hold exactly. `number`: the nearest one, as
 * JSON.parse makes it. `bigint`: an integer becomes a BigInt. `text`: it becomes the text of its digits. All other
 * numbers are numbers in any case.
 */
export type Numbers = 'number' | 'bigint' | 'text';

/** An integer beyond 2^53 has 16 digits or more. */
const fewestDigits = 16;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Cheap, and true for every text with so many digits in a row: one of them stands at each 16th place. */
function mayBeInexact(text: string): boolean {
  for (let at = fewestDigits - 1; at < text.length; at += fewestDigits) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let [start, end] = [at, at + 1];
    while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    if (end - start >= fewestDigits) return true;
  }
  return false;
}

/** Does this JSON text hold an integer that a number of JavaScript rounds? */
export function hasRoundedIntegers(text: string): boolean {
  if (!mayBeInexact(text)) return false;
  for (const token of tokensOf(text)) if (isNumber(token) && exactInteger(token) !== undefined) return true;
  return false;
}

function isNumber(token: string): boolean {
  return token[0] === '-' || isDigit(token.charCodeAt(0));
}

/** A number as its digits and a power of ten: `0.10` is 1 × 10^-1. */
function decimalOf(token: string): { readonly digits: string; readonly power: number } {
  const [mantissa = '', exponent = '0'] = token.replace(/^-/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { digits, power: Number(exponent) - fraction.length + all.length - digits.length };
}

/** Does the number that JavaScript makes of it stand for the same value? */
function isExact(token: string): boolean {
  const number = Number(token);
  if (Number.isSafeInteger(number) && /^-?\d+$/.test(token)) return true;
  const [written, made] = [decimalOf(token), decimalOf(String(number))];
  if (written.digits === '') return true;
  return written.digits === made.digits && written.power === made.power;
}

/** Longer ones, like 1e1000000, are not meant as numbers, and would fill the memory. */
const mostZeros = 1000;

/** The digits of an integer that JavaScript's numbers can't hold for certain; undefined for all other numbers. */
function exactInteger(token: string): string | undefined {
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(Number(token)) ? undefined : token;
  const { digits, power } = decimalOf(token);
  if (power < 0 || power > mostZeros || isExact(token)) return undefined;
  return `${token.startsWith('-') ? '-' : ''}${digits}${'0'.repeat(power)}`;
}

/** The value of a JSON text, with its numbers as `numbers` says. */
export function parseWithNumbers(text: string, numbers: Numbers): Decoded<unknown> {
  if (numbers === 'number') return parseJson(text);
  const valid = parseJson(text);
  if (!valid.ok) return valid;
  const quoted = numbers === 'text' ? withNumbersAsText(text) : withMarkedIntegers(text);
  if (quoted === undefined) return valid;
  if (numbers === 'text') return parseJson(quoted);
  try {
    return { ok: true, value: JSON.parse(quoted, unmark) };
  } catch {
    return malformed('too many levels deep for numbers: "bigint"');
  }
}

/** The text with its inexact numbers in quotes; undefined when it has none. */
function withNumbersAsText(text: string): string | undefined {
  let changed = false;
  const parts = Array.from(tokensOf(text), (token) => {
    if (!isNumber(token) || (exactInteger(token) === undefined && isExact(token))) return token;
    changed = true;
    return `"${token}"`;
  });
  return changed ? parts.join('') : undefined;
}

/** Before a string that was a number, and before one that was a string. */
const [wasNumber, wasText] = ['#', '='] as const;

/** The text with its large integers as marked strings, and so with a mark before each other one; undefined when it has none. */
function withMarkedIntegers(text: string): string | undefined {
  const tokens = [...tokensOf(text)];
  let changed = false;
  const parts = tokens.map((token, i) => {
    if (token.startsWith('"')) return tokens[i + 1] === ':' ? token : `"${wasText}${token.slice(1)}`;
    const integer = isNumber(token) ? exactInteger(token) : undefined;
    if (integer === undefined) return token;
    changed = true;
    return `"${wasNumber}${integer}"`;
  });
  return changed ? parts.join('') : undefined;
}

function unmark(_key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.startsWith(wasNumber) ? BigInt(value.slice(1)) : value.slice(1);
}

/** A number that JavaScript would write in another way stays as it is written. */
export function parseKeepingDigits(text: string): Decoded<unknown> {
  const valid = parseJson(text);
  if (!valid.ok) return valid;
  const tokens = [...tokensOf(text)];
  const marked = tokens.map((token, i) => {
    if (token.startsWith('"')) return tokens[i + 1] === ':' ? token : `"=${token.slice(1)}`;
    return /^[-\d]/.test(token) && String(Number(token)) !== token ? `"#${token}"` : token;
  });
  const unmark = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    return value.startsWith('#') ? new JsonText(value.slice(1)) : value.slice(1);
  };
  try {
    return { ok: true, value: JSON.parse(marked.join(''), unmark) };
  } catch {
    return malformed('too many levels deep to be edited');
  }
}
