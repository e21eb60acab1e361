export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** From the most to the least; `silent` logs nothing. */
export type LogLevel = (typeof logLevels)[number];
export const defaultLogLevel: LogLevel = 'info';
