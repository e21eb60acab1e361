import * as Flags from '@oclif/core/flags';

/** Flags of a command that asks before it writes, or before it does what `of` asks for; `BaseCommand.confirm` obeys both. */
export function consentFlagsOf(...of: string[]) {
  return {
    yes: Flags.boolean({
      char: 'y',
      description: "don't ask; required without a terminal",
      dependsOn: of,
    }),
    confirm: Flags.string({
      description:
        "the pipeline's name, in place of an answer; required without a terminal if it is protected",
      helpValue: '<pipeline>',
      dependsOn: of,
    }),
  };
}

/** Flags of every command that asks before it writes. */
export const consentFlags = consentFlagsOf();

/** Flag of a command that loses nothing: it asks only for the name of a protected pipeline. */
export const protectedFlags = { confirm: consentFlags.confirm };
