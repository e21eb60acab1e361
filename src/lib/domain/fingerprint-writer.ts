import { codeKeys, codeWords, dateWords, notNames, nouns, textKeys, units } from './fingerprint-words.js';

/** What of a message is the same for all failures of one cause. */
export interface Shape {
  /** In lower case; what varies is left out, and a mark stands in its place. */
  readonly words: readonly string[];
  /** Those among them that tell causes apart: error codes, states, replies. */
  readonly codes: readonly string[];
  /** Where in `words` something stands that another shape must have too, to be alike: codes, names of properties. */
  readonly fixed: readonly number[];
}

/** What stands in the place of what was left out. */
export const mark = {
  /** A number, an id, a name, a date, a duration. */
  id: '#',
  host: '<host>',
  url: '<url>',
  path: '<path>',
  email: '<email>',
  quoted: '""',
  value: '<value>',
} as const;

/** Of each part of a message, and of each cause: one with a whole statement in it ends somewhere. */
const mostWords = 60;

const snakeCase = /^[a-z]+(?:_[a-z]+)+$/;

const systemCalls = new Set(['connect', 'getaddrinfo', 'getnameinfo', 'bind', 'listen', 'send', 'lookup']);

/** Writes the shape of a message word by word, and knows what the last words say about the next. */
export class ShapeWriter implements Shape {
  readonly words: string[] = [];
  readonly codes: string[] = [];
  readonly fixed: number[] = [];
  /** A sentence, a value or a cause begins: a number here may be a status. */
  opens = true;
  followsColon = false;
  /** What comes next is an id, if it looks like one. */
  followsId = false;
  /** Within so many braces. */
  depth = 0;
  /** The key whose value comes next. */
  key: string | undefined;
  last = '';
  beforeLast = '';
  private room = mostWords;
  private lastWasCode = false;
  private address: 'host' | 'port' | undefined;

  /** The next word is an address. With `port`: and its port counts. */
  takeAddress(): 'host' | 'port' | undefined {
    const { address } = this;
    this.address = undefined;
    return address;
  }

  /** The next word, in lower case, is nothing but a word. */
  get takesWord(): boolean {
    return this.address === undefined && this.key === undefined;
  }

  get followsCode(): boolean {
    return this.lastWasCode;
  }

  /** The next number or short text is a code. */
  get expectsCode(): boolean {
    return this.key === undefined
      ? codeWords.has(this.last) || (codeWords.has(this.beforeLast) && this.last === 'is')
      : this.expectsCodeValue || codeWords.has(this.key);
  }

  /** The next value is one of an object, and tells causes apart. */
  get expectsCodeValue(): boolean {
    return this.key !== undefined && codeKeys.has(this.key);
  }

  get expectsText(): boolean {
    return this.key !== undefined && textKeys.has(this.key);
  }

  /** The next word is a name, if it looks like one. */
  get followsNoun(): boolean {
    return nouns.has(this.last);
  }

  /** The next word is a name, however it looks, unless it says something about a table. */
  get followsTable(): boolean {
    return this.key === undefined && (this.last === 'table' || this.last === 'collection');
  }

  /** The next quoted text names something in the code. */
  get expectsProperty(): boolean {
    return this.last === 'reading' || this.last === 'setting' || this.last === 'property';
  }

  word(text: string): void {
    const word = text.toLowerCase();
    if (this.depth > 0 && this.key !== undefined && !this.expectsCodeValue && !this.expectsText)
      return this.leaveOut(mark.value);
    if (this.followsTable && !notNames.has(word)) return this.leaveOut(mark.id);
    if (text !== word && dateWords.has(word) && word !== 'may') return this.leaveOut(mark.id);
    if (this.last === mark.id) {
      if (units.has(word)) return;
      // One row, two rows.
      if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') && !notNames.has(word))
        return this.push(word.slice(0, -1));
    }
    // What a sentence ends with after a colon is often a code: channel_not_found.
    if (this.followsColon && snakeCase.test(text) && this.room > 0) this.fixed.push(this.words.length);
    this.push(word);
  }

  leaveOut(what: string): void {
    // A list of them is as long as it is.
    if (this.last === what && this.key === undefined) return;
    this.push(what);
  }

  /** A text that tells causes apart. */
  code(text: string): void {
    const code = text.toLowerCase();
    if (this.room > 0) {
      this.codes.push(code);
      this.fixed.push(this.words.length);
    }
    const call = this.last;
    this.push(code);
    this.lastWasCode = true;
    if (systemCalls.has(call) || call.startsWith('query'))
      this.address = call === 'connect' ? 'port' : 'host';
  }

  /** A text that names something in the code. */
  property(text: string): void {
    if (this.room > 0) this.fixed.push(this.words.length);
    this.push(text);
  }

  /** What was behind the error is told next. */
  startCause(): void {
    this.room = mostWords;
  }

  private push(word: string): void {
    if (this.room > 0) {
      this.words.push(word);
      this.room--;
    }
    this.beforeLast = this.last;
    this.last = word;
    this.key = undefined;
    this.opens = false;
    this.followsColon = false;
    this.followsId = false;
    this.lastWasCode = false;
    this.address = undefined;
  }
}
