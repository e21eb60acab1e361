import { refuseNoFunction, refuseNoLogger } from '../domain/given.js';
import type { Suggestion } from '../suggestion.js';
import type { Logger } from './log.js';
import type { LogLine } from './log-line.js';
import { logLines } from './log-lines.js';
import type { WaterfallEvent, WaterfallListener } from './waterfall-event.js';

/**
 * Writes each event as one line. A line that the level leaves out is not made. What to do next is logged as `inWords`
 * says it, else as data.
 */
export function logWaterfall(log: Logger, inWords?: (suggestion: Suggestion) => string): WaterfallListener {
  refuseNoLogger('log', log);
  refuseNoFunction('inWords', inWords);
  const nextOf = (line: LogLine<WaterfallEvent>, event: WaterfallEvent): object => {
    const next = line.next?.(event) ?? [];
    if (next.length === 0) return {};
    return { next: inWords ? next.map((one) => inWords(one)).join('; ') : next };
  };
  const listener = (event: WaterfallEvent): void => {
    const lines: readonly LogLine<never>[] = logLines[event.type];
    const line = (lines as readonly LogLine<WaterfallEvent>[]).find(({ when }) => when?.(event) ?? true);
    if (!line || !log.isLevelEnabled(line.level)) return;
    const fields = line.fields(event);
    log[line.level](line.next ? { ...fields, ...nextOf(line, event) } : fields, line.text);
  };
  return Object.assign(listener, { wantsSuccess: () => log.isLevelEnabled('debug') });
}
