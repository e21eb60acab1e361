import { type DestinationStream, pino, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export const defaultLogLevel: LogLevel = 'info';

/** Facts first, then one sentence; never a payload, a header value or a secret. */
export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go: 1 stdout, 2 stderr. */
  readonly fd: 1 | 2;
  /** Lines for people instead of JSON. */
  readonly readable: boolean;
  readonly color: boolean;
}

/** A logger that has written each line before it returns: the last lines of a dying process count most. */
export function makeLogger(options: LogOptions): Logger {
  const destination: DestinationStream = options.readable
    ? pretty({
        destination: options.fd,
        sync: true,
        colorize: options.color,
        translateTime: 'HH:MM:ss.l',
        ignore: 'pid,hostname',
        singleLine: true,
      })
    : pino.destination({ dest: options.fd, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** A logger that says nothing. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
