import type { EnvelopeKeys } from '../domain/envelope.js';
import type { KeyReferences } from '../domain/key-reference.js';

/** What is around payloads. */
export interface PayloadSettings {
  /** What is kept of who looks at payloads. Default: nothing. */
  readonly audit?: {
    /** Each look. */
    readonly reads: true;
  };
  /** Keys of the JSON object around the data. Default: there is none. */
  readonly envelope?: EnvelopeKeys;
  /** Header with the correlation id. Default: `Session-Id`. */
  readonly correlationHeader?: string;
  /** Where the keys of encrypted payloads are. */
  readonly keys?: KeyReferences;
}
