import { messageOf, OperationError } from '../errors.js';
import { suggestCommand, suggestOther } from '../suggestion.js';

const LOG_LINES_IN_ERROR = 15;
const inUse = /listen tcp \S*:(\d+): bind: address already in use/;

/** It has not said in time that it is ready. */
export class ServerNotReady extends Error {}

/** Another process listens on the port that a nats-server was given. */
export class PortInUse extends OperationError {
  constructor(port: string, cause: unknown) {
    super(`port ${port} is in use: nats-server did not start`, {
      code: 'SERVER_EXITED',
      cause,
      suggestions: [
        suggestOther('ss', ['-ltnp', `sport = :${port}`], { why: 'see which process listens' }),
        suggestCommand('server start', { why: 'take a free port' }),
      ],
    });
  }
}

/** Why a nats-server did not start; `log` is what it wrote meanwhile. */
export function startError(
  error: unknown,
  { binary, logFile }: { readonly binary: string; readonly logFile: string },
  log: string,
): OperationError {
  const port = inUse.exec(log)?.[1];
  if (port !== undefined) return new PortInUse(port, error);
  return new OperationError(
    `nats-server (${binary}) did not start: ${messageOf(error)}${said(log, logFile)}`,
    {
      code: error instanceof ServerNotReady ? 'SERVER_NOT_READY' : 'SERVER_EXITED',
      cause: error,
    },
  );
}

/** The lines that say what went wrong; where none does, the last ones. */
function said(log: string, logFile: string): string {
  const lines = log.trimEnd().split('\n');
  const wrong = lines.filter((line) => /\[(?:FTL|ERR)\]/.test(line));
  const shown = (wrong.length > 0 ? wrong : lines).slice(-LOG_LINES_IN_ERROR).join('\n');
  if (shown === '') return '';
  return `\n${wrong.length > 0 ? 'Its log' : 'The end of its log'}, ${logFile}:\n${shown}`;
}
