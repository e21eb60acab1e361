import { consumerAtWork, consumerInStack, type HandlerOf } from '../../handlers/background.js';
import type { Logger } from '../../observe/log.js';

/** Ends this process, and nothing is said about it. */
export const exitNow: (code: number) => never = process.exit.bind(process);

/**
 * Says so where a handler, or what it uses, ends the process with `process.exit`. Unless it was asked to end that is
 * never success, or nobody would start it again. Returns a function that stops it.
 */
export function tellExit(log: Logger, handlers: readonly HandlerOf[], wasAsked: () => boolean): () => void {
  const before = process.exit.bind(process);
  process.exit = (given): never => {
    const found = Number(given ?? process.exitCode ?? 0);
    const code = found === 0 && !wasAsked() ? 1 : found;
    const consumer = consumerAtWork() ?? consumerInStack(new Error('process.exit'), handlers);
    log.fatal(
      { code, ...(consumer === undefined ? {} : { consumer }) },
      'process.exit was called: the process ends; what it held is delivered again',
    );
    return exitNow(code);
  };
  return () => {
    process.exit = before;
  };
}

/**
 * Logs what was not caught, in one line each instead of a stack trace on stderr. An exception ends the process: what it
 * left half done is unknown. A rejected promise that is not awaited does not: it is background work of a handler, and
 * other handlers' events have nothing to do with it. Returns a function that stops it.
 */
export function logUncaught(log: Logger, handlers: readonly HandlerOf[]): () => void {
  const fieldsOf = (err: unknown): object => {
    const consumer = consumerAtWork() ?? consumerInStack(err, handlers);
    return consumer === undefined ? { err } : { err, consumer };
  };
  const die = (err: unknown): void => {
    log.fatal(fieldsOf(err), 'uncaught: the process ends; what it held is delivered again');
    exitNow(1);
  };
  const tell = (err: unknown): void => {
    log.error(
      fieldsOf(err),
      'a promise that is not awaited was rejected: background work of a handler; the process goes on',
    );
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', tell);
  return () => {
    process.off('uncaughtException', die);
    process.off('unhandledRejection', tell);
  };
}
