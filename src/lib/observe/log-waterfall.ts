import type { Logger } from './log.js';
import { type LogLine, logLines } from './log-lines.js';
import type { WaterfallEvent, WaterfallListener } from './waterfall-event.js';

/** Writes each event as one line. A line that the level leaves out is not made. */
export function logWaterfall(log: Logger): WaterfallListener {
  const listener = (event: WaterfallEvent): void => {
    const lines: readonly LogLine<never>[] = logLines[event.type];
    const line = (lines as readonly LogLine<WaterfallEvent>[]).find(({ when }) => when?.(event) ?? true);
    if (line && log.isLevelEnabled(line.level)) log[line.level](line.fields(event), line.text);
  };
  return Object.assign(listener, { wantsSuccess: () => log.isLevelEnabled('debug') });
}
