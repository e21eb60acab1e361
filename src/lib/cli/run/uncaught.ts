import { consumerAtWork, consumerInStack, type HandlerOf } from '../../handlers/background.js';
import type { Logger } from '../../observe/log.js';

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
    process.exit(1);
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
