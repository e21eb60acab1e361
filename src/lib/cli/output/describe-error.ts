import { CLIError } from '@oclif/core/errors';
import { escapeBlock, escapeLine } from '../../domain/escape.js';
import { hideSecrets } from '../../domain/secrets.js';
import { ConfigError, messageOf, PlutomiError } from '../../errors.js';
import { permissionsNeeded } from '../../permissions/permissions-needed.js';
import { helpOf } from '../usage/command-shape.js';
import { anybody, type Caller, renderSuggestion } from '../../render/suggestion.js';
import type { Suggestion } from '../../suggestion.js';
import { systemFailure } from '../system-error.js';

/** The error as `--json` prints it. */
export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

type Described = ErrorJson & { readonly exitCode: number };
type Found = Omit<Described, 'suggestions'> & { readonly suggestions: readonly Suggestion[] };

/** What a person or a script gets to see of an error: no stack, no argv, no secret, nothing that a terminal would obey. */
export function describeError(error: Error, commandId?: string, caller: Caller = anybody): Described {
  const { message, suggestions, ...rest } = describe(error, commandId);
  const words = suggestions.map((one) => hideSecrets(escapeLine(renderSuggestion(one, caller))));
  return { ...rest, message: hideSecrets(message), suggestions: words };
}

function describe(error: Error, commandId: string | undefined): Found {
  if (error instanceof ConfigError) {
    return {
      code: error.code,
      message: escapeBlock(error.message),
      suggestions: error.suggestions,
      exitCode: 2,
    };
  }
  if (error instanceof PlutomiError) {
    return {
      code: error.code,
      message: escapeBlock(unwrapped(error.message)),
      suggestions: [
        ...error.suggestions,
        ...permissionsNeeded(error, (commandId ?? '').replaceAll(':', ' ')),
      ],
      exitCode: error.exitCode,
    };
  }
  if (error.name === 'ExitPromptError') {
    return { code: 'INTERRUPTED', message: 'interrupted', suggestions: [], exitCode: 130 };
  }
  if (error instanceof CLIError || 'oclif' in error) {
    return {
      code: 'USAGE',
      message: escapeBlock(unwrapped(messageOf(error))),
      suggestions: [helpOf({ name: (commandId ?? '').replaceAll(':', ' ') })],
      exitCode: 2,
    };
  }
  const refused = systemFailure(error);
  if (refused !== undefined) {
    return { code: 'FAILED', ...refused, message: escapeBlock(refused.message), exitCode: 1 };
  }
  return {
    code: 'UNEXPECTED',
    message: escapeBlock(`unexpected: ${messageOf(error)}`),
    suggestions: ['this is a bug in plutomi-events: please report it, with the command that you ran'],
    exitCode: 1,
  };
}

/** Without the lines that oclif adds to whatever the parser of a flag throws. */
function unwrapped(message: string): string {
  return message.replace(/^Parsing --[\w-]+ \n\t/, '').replace(/\nSee more help with --help$/, '');
}
