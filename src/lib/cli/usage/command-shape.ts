import type { OwnCommand } from '../../suggestion.js';

/** What the command line of a command may hold, as its class declares it. */
export interface CommandShape {
  /** As it is typed: `dlq list`. */
  readonly name: string;
  readonly args: Readonly<Record<string, ArgumentShape>>;
  readonly flags: Readonly<Record<string, FlagShape>>;
}

export interface ArgumentShape {
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}

export interface FlagShape {
  readonly type: string;
  readonly multiple?: boolean | undefined;
  readonly char?: string | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly options?: readonly string[] | undefined;
}

/** The same of a command as oclif knows it. */
export function shapeOf(command: {
  readonly id?: string | undefined;
  readonly args?: CommandShape['args'];
  readonly flags?: CommandShape['flags'];
}): CommandShape {
  const { id = '', args = {}, flags = {} } = command;
  return { name: id.replaceAll(':', ' '), args, flags };
}

/** `plutomi-events dlq show <id> [FLAGS]` */
export function usageLine({ name, args }: CommandShape): string {
  const words = Object.entries(args).map(([arg, { required, multiple }]) => {
    const word = `<${arg}>${multiple ? '…' : ''}`;
    return required ? word : `[${word}]`;
  });
  return ['plutomi-events', name, ...words, '[FLAGS]'].join(' ');
}

/** Of a command, or of a topic; of the whole program where the name is empty. */
export function helpOf({ name }: Pick<CommandShape, 'name'>): OwnCommand {
  return { do: 'run', command: name, flags: { help: true } };
}
