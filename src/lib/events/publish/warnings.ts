import { defaultEventMaxBytes } from '../../config/resolve.js';
import type { EventType } from '../../config/resolved.js';
import { formatSize } from '../../config/schema/size.js';

/** Something about a type that its publisher should know; its events are stored all the same. */
export interface PublishWarning {
  /** `large-event`: a payload is larger than `maxBytes` of its type. `deprecated-type`: the config says so. */
  readonly kind: 'large-event' | 'deprecated-type';
  /** The event type, or the subject where the config has no type for it. */
  readonly type: string;
  /** In words, on one line. */
  readonly message: string;
}

/** Types are named by their subjects, of which there may be any number. */
const mostTypes = 1000;

/** Tells each warning once for each type. */
export class PublishWarnings {
  private readonly told = new Set<string>();

  constructor(private readonly onWarning: (warning: PublishWarning) => void) {}

  /** Called for each event: it costs a comparison where there is nothing to tell. */
  watch(type: Pick<EventType, 'type' | 'maxBytes' | 'deprecated'>, sizeBytes: number): void {
    const { maxBytes = defaultEventMaxBytes(), deprecated } = type;
    if (sizeBytes > maxBytes) {
      this.tell('large-event', type.type, () => tooLarge(type.type, sizeBytes, maxBytes));
    }
    if (deprecated !== undefined) {
      this.tell('deprecated-type', type.type, () => outdated(type.type, deprecated));
    }
  }

  private tell(kind: PublishWarning['kind'], type: string, message: () => string): void {
    const key = `${kind} ${type}`;
    if (this.told.has(key) || this.told.size === mostTypes) return;
    this.told.add(key);
    this.onWarning({ kind, type, message: message() });
  }
}

function tooLarge(type: string, sizeBytes: number, maxBytes: number): string {
  return `an event of ${type} has ${sizeBytes} bytes of data, more than its maxBytes (${formatSize(maxBytes)}): keep events small, and refer to what is large`;
}

function outdated(type: string, deprecated: true | string): string {
  return deprecated === true ? `${type} is deprecated` : `${type} is deprecated: ${deprecated}`;
}
