import { renderSuggestion } from '../../src/lib/render/suggestion.js';
import type { Suggestion } from '../../src/lib/suggestion.js';

/** Matches a suggestion by its words, all of them or, as `containing`, a part. */
export function worded(words: string): unknown {
  return matching(words, (said) => said === words);
}

export function containing(part: string): unknown {
  return matching(part, (said) => said.includes(part));
}

function matching(text: string, matches: (said: string) => boolean): unknown {
  return {
    asymmetricMatch: (suggestion: Suggestion) => matches(renderSuggestion(suggestion)),
    toString: () => text,
  };
}
