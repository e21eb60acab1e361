/** Where a key is, never the key itself: `env://NAME` or `file://path`. */
export type KeyReference = string;

/** Which keys a pipeline has. */
export interface KeyReferences {
  /** Where the key is that encrypts, and opens. */
  readonly current: KeyReference;
  /** Where those are that were current before: they open what they have encrypted. */
  readonly previous: readonly KeyReference[];
}

export const [envScheme, fileScheme] = ['env://', 'file://'];

/** Has the text the form of a reference? */
export function isKeyReference(text: string): boolean {
  if (text.startsWith(envScheme)) return /^[A-Za-z_]\w*$/.test(text.slice(envScheme.length));
  return text.startsWith(fileScheme) && text.length > fileScheme.length;
}
