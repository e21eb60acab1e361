import { isSelectionKey } from './selection.js';
import { SelectionError } from './selection-error.js';

/** A part of a value: in quotes, nothing in it has a meaning of its own. */
export interface Part {
  readonly text: string;
  readonly quoted: boolean;
}

/** A value as it was written. */
export interface Written {
  readonly parts: readonly Part[];
  /** Where it begins. */
  readonly at: number;
  /** Behind its last character. */
  readonly end: number;
}

/** What stands before a colon, without a quote, comma or comparison in it. */
const key = /[A-Za-z][^\s:",*<>=]*(?=:)/y;
const blank = /\s/;
const blanks = /\s*/y;
const bare = { text: /[^\s",]+/y, word: /[^",\s]+|\s+/y } as const;
const nextTerm = /\s+-?([a-z]+)(?:\.[^\s:",]+)?:/y;

/**
 * Reads a selection from its beginning to its end. `word`: one term that the shell has set apart, blanks and all, so
 * that `reason:"bad column"` is the same with and without the quotes that the shell takes away.
 */
export class Scanner {
  at = 0;

  constructor(
    readonly text: string,
    private readonly of: 'text' | 'word',
  ) {}

  /** Is there another term? Stands at its beginning then. */
  next(): boolean {
    if (this.of === 'text') this.take(blanks);
    return this.at < this.text.length;
  }

  /** Takes this character if it is the next. */
  skip(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  /** What stands before the colon of a term, which is taken too. */
  key(): string | undefined {
    const found = this.take(key);
    if (found !== undefined) this.at++;
    return found;
  }

  /** The values up to the end of the term, of which there is one at least; it may have no parts. */
  values(): Written[] {
    const values = [this.value()];
    while (this.skip(',')) values.push(this.value());
    return values;
  }

  private value(): Written {
    const at = this.at;
    const parts: Part[] = [];
    while (this.at < this.text.length && this.text[this.at] !== ',') {
      if (this.text[this.at] === '"') parts.push({ text: this.quoted(), quoted: true });
      else if (this.of === 'text' && blank.test(this.text[this.at] ?? '')) break;
      else {
        this.refuseAnotherTerm();
        parts.push({ text: this.take(bare[this.of]) ?? '', quoted: false });
      }
    }
    return { parts, at, end: this.at };
  }

  private quoted(): string {
    const from = this.at++;
    let text = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at++] ?? '';
      if (char === '"') return text;
      const next = this.text[this.at] ?? '';
      if (char === '\\' && (next === '"' || next === '\\')) {
        text += next;
        this.at++;
      } else text += char;
    }
    throw new SelectionError(this.text, from, 'this quote is not closed', `${this.text}"`);
  }

  private refuseAnotherTerm(): void {
    nextTerm.lastIndex = this.at;
    const found = nextTerm.exec(this.text);
    if (!found || !isSelectionKey(found[1] ?? '')) return;
    const at = this.at + found[0].search(/\S/);
    throw new SelectionError(
      this.text,
      at,
      'another term begins here, in the same word',
      undefined,
      'give each term as a word of its own, or put text that holds blanks and colons in double quotes',
    );
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
