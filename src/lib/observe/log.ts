import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import type { build } from 'pino-pretty';
import { escapeBlock, escapeJson, escapeLine } from '../domain/escape.js';
import { hideSecrets } from '../domain/secrets.js';
import { humanLine } from './human-line.js';
import type { LogLevel } from './log-level.js';

export type { LogLevel };

const require = createRequire(import.meta.url);
// Loaded by who logs: to import the library must cost little, and read nothing of the environment.
const loadPino = () => require('pino') as typeof Pino;

/** Facts first, then one sentence; never a payload, a header value or a secret. */
export type Logger = Pino.Logger;

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
  const { pino } = loadPino();
  const destination = options.readable ? readable(options) : asJson(options);
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

/** JSON lines that are safe on a terminal too. */
function asJson({ fd }: LogOptions): Pino.DestinationStream {
  const out = loadPino().destination({ dest: fd, sync: true });
  return { write: (line) => void out.write(hideSecrets(escapeJson(line))) };
}

/** pino-pretty prints what it is given: it gets nothing that a terminal would obey. */
function readable({ fd, color }: LogOptions): Pino.DestinationStream {
  // Loaded where it is used: most runs write for machines, and it is half of what logging loads.
  const pretty = require('pino-pretty') as typeof build;
  const out = pretty({
    destination: fd,
    sync: true,
    colorize: color,
    translateTime: 'HH:MM:ss',
    ignore: 'pid,hostname',
    messageFormat: (fields) => humanLine(fields),
    hideObject: true,
  });
  return { write: (line) => void out.write(`${hideSecrets(JSON.stringify(printable(JSON.parse(line))))}\n`) };
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
