import { consumerAtWork, consumerInStack, type HandlerOf } from '../../handlers/background.js';
import type { Logger } from '../../observe/log.js';

/**
 * What nobody caught, in one line each instead of a stack trace on stderr. An exception ends the process: nobody knows
 * what it left half done. A promise that nobody awaits does not: it is the background work of a handler, and the events
 * of others have nothing to do with it. Returns how to stop that.
 */
export function logUncaught(log: Logger, handlers: readonly HandlerOf[]): () => void {
  const fieldsOf = (err: unknown): object => {
    const consumer = consumerAtWork() ?? consumerInStack(err, handlers);
    return consumer === undefined ? { err } : { err, consumer };
  };
  const die = (err: unknown): void => {
    log.fatal(fieldsOf(err), 'uncaught: the process ends; what it held comes back');
    process.exit(1);
  };
  const tell = (err: unknown): void => {
    log.error(
      fieldsOf(err),
      'a promise that nobody awaits was rejected: background work of a handler; the process goes on',
    );
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', tell);
  return () => {
    process.off('uncaughtException', die);
    process.off('unhandledRejection', tell);
  };
}
