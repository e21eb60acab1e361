import { shapeOf } from '../domain/fingerprint-shape.js';
import { alikeKinds, type Kind } from '../domain/fingerprint-similar.js';
import type { Failure } from '../domain/failure.js';
import type { DlqEntry } from './entry.js';

/** What of a dead letter says which others it is alike with. */
export function kindOf({ letter, pointer }: DlqEntry): Kind {
  return kindOfFailure(letter.fingerprint, pointer?.failure);
}

/** The same of a failure. Undefined: what is in the DLQ is no dead letter. */
export function kindOfFailure(fingerprint: string, failure: Omit<Failure, 'kind'> | undefined): Kind {
  const { name = 'Error', message = '', code, fingerprintBy } = failure ?? {};
  // What a handler calls alike is alike, and nothing else.
  const { words, codes, fixed } =
    fingerprintBy === 'shape' ? shapeOf(message) : { words: [], codes: [], fixed: [] };
  const saidCodes = codes.length > 0 ? codes.join(' ') : (code ?? '');
  return { fingerprint, name, code: saidCodes, shape: { words, fixed } };
}

/** What the failure says besides its words, as `code:` finds it: its own code, else the first one of its message. */
export function codeOf({ pointer }: DlqEntry): string | null {
  return pointer ? codeOfFailure(pointer.failure) : null;
}

export function codeOfFailure({ code, message }: Pick<Failure, 'code' | 'message'>): string | null {
  return code ?? codeIn(message);
}

/** Much fails alike: the answer that was found last is remembered. */
const last: { message: string; code: string | null } = { message: '', code: null };

function codeIn(message: string): string | null {
  if (message !== last.message) {
    last.code = shapeOf(message).codes[0]?.toUpperCase() ?? null;
    last.message = message;
  }
  return last.code;
}

/** The fingerprints of dead letters, in the order in which they died, and which of them belong together. */
export class Kinds {
  private readonly found = new Map<string, Kind>();

  /** False: there was one like it before. */
  add(entry: DlqEntry): boolean {
    const { fingerprint } = entry.letter;
    if (this.found.has(fingerprint)) return false;
    this.found.set(fingerprint, kindOf(entry));
    return true;
  }

  /** One that has been there before, whether or not it is now. */
  remember(kind: Kind): void {
    if (!this.found.has(kind.fingerprint)) this.found.set(kind.fingerprint, kind);
  }

  get(fingerprint: string): Kind | undefined {
    return this.found.get(fingerprint);
  }

  /** As data, in the order in which they died. */
  list(): Kind[] {
    return [...this.found.values()];
  }

  /** Of each fingerprint the one that stands for its group: that which died first. */
  leads(): ReadonlyMap<string, string> {
    return alikeKinds([...this.found.values()]);
  }
}
