import { type Checks, oneOf, requireOptions } from '../domain/options.js';
import { refuseNoFlag, refuseNoFunction, refuseObjects, unexpected } from '../domain/given.js';
import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import type * as PinoPretty from 'pino-pretty';
import { escapeBlock, escapeJson, escapeLine } from '../domain/escape.js';
import { hideSecrets } from '../domain/secrets.js';
import { humanLine } from './human-line.js';
import { type LogLevel, logLevels } from './log-level.js';
import { writeLog } from './log-output.js';

export type { LogLevel };

const require = createRequire(import.meta.url);
// Loaded by who logs: to import the library must cost little, and read nothing of the environment.
const loadPino = () => require('pino') as typeof Pino;

/** Facts first, then one sentence; never a payload, a header value or a secret. */
export type Logger = Pino.Logger;

/** Takes lines of a log, besides where it is written to. */
export interface LogSink {
  /** One line of JSON in pino's own shape: the level is a number, the time is in milliseconds. Never waits, never throws. */
  write(line: string): void;
}

/** Where and how to log. */
export interface LogOptions {
  /** Lines below this level are left out. */
  readonly level: LogLevel;
  /** Where lines go: 1 stdout, 2 stderr. */
  readonly fd: 1 | 2;
  /** Lines for people instead of JSON. */
  readonly readable: boolean;
  /** Colors in readable lines. */
  readonly color: boolean;
  /** Where lines go too; what is added later gets later lines. Default: nowhere. */
  readonly to?: readonly LogSink[];
  /** Called before each line is written: makes room for it. Default: nothing is done. */
  readonly before?: () => void;
}

const logChecks = {
  level: oneOf(...logLevels),
  fd: (name, given) => {
    if (given !== 1 && given !== 2) throw unexpected(name, '1 or 2', given);
  },
  readable: refuseNoFlag,
  color: refuseNoFlag,
  to: refuseObjects,
  before: refuseNoFunction,
} as const satisfies Checks<LogOptions>;

/**
 * A logger that has written each line before it returns, while its reader keeps up: the last lines of a dying process
 * count most. A reader that does not holds nothing up: lines that don't fit are dropped, and reported as a warning.
 */
export function makeLogger(options: LogOptions): Logger {
  requireOptions(logChecks, options, ['level', 'fd', 'readable', 'color']);
  const pino = loadPino();
  const reportDropped = (lines: number): void => {
    // Whatever the level: what is missing may be errors.
    log
      .child({}, { level: 'warn' })
      .warn({ lines }, 'the log was not read fast enough: lines are missing here');
  };
  const format = options.readable ? readable(options) : asJson;
  const log = pino.pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line) => {
        options.before?.();
        writeLog(options.fd, format(line), reportDropped);
        for (const one of options.to ?? []) one.write(standardLine(asJson(line), pino.levels.values));
      },
    },
  );
  return log;
}

/** JSON lines that are safe on a terminal too. */
function asJson(line: string): string {
  return hideSecrets(escapeJson(line));
}

function standardLine(line: string, levels: Readonly<Record<string, number>>): string {
  const { level, time, ...fields } = JSON.parse(line) as { level: string; time: string };
  return `${JSON.stringify({ level: levels[level], time: Date.parse(time), ...fields })}\n`;
}

/** pino-pretty prints what it is given: it gets nothing that a terminal would obey. */
function readable({ color }: LogOptions): (line: string) => string {
  // Loaded where it is used: most runs write for machines, and it is half of what logging loads.
  const { prettyFactory } = require('pino-pretty') as typeof PinoPretty;
  const pretty = prettyFactory({
    colorize: color,
    translateTime: 'HH:MM:ss',
    ignore: 'pid,hostname',
    messageFormat: (fields) => humanLine(fields),
    hideObject: true,
  });
  return (line) => pretty(JSON.parse(hideSecrets(JSON.stringify(printable(JSON.parse(line))))));
}

/** The same with every text escaped, names of fields too; the lines of a stack stay lines. */
function printable(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'stack' ? escapeBlock(value) : escapeLine(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => printable(one));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [escapeLine(key), printable(one, key)]),
  );
}

/** A logger that says nothing. */
export function silentLogger(): Logger {
  return loadPino().pino({ level: 'silent' });
}
