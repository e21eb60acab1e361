/** Trying some before the rest: in which steps, and what stops it. */

/** One step as it is written: so many, a part of all, or what is left. */
const stepForm = /^(?:(\d{1,7})|(\d{1,2}(?:\.\d{1,2})?)%|rest)$/;
/** More are nobody's plan. */
const mostSteps = 50;

/** The form that `readCanary` takes, in words. */
export const canaryForm = 'steps that end with rest, like 1,10,10%,rest';

/** A canary as it is kept, without blanks; undefined: it has not that form. */
export function readCanary(text: string): string | undefined {
  const steps = text.split(',').map((step) => step.trim());
  const last = steps.indexOf('rest');
  if (last !== steps.length - 1 || steps.length > mostSteps) return undefined;
  const valid = steps.every((step) => {
    const found = stepForm.exec(step);
    return found !== null && (step === 'rest' || Number(found[1] ?? found[2]) > 0);
  });
  return valid ? steps.join(',') : undefined;
}

/** How many each step has, of `total`; steps for which nothing is left are none. Null: one step for all. */
export function stepSizes(canary: string | null, total: number): number[] {
  let left = total;
  const sizes: number[] = [];
  for (const step of (canary ?? 'rest').split(',')) {
    const found = stepForm.exec(step);
    const percent = found?.[2];
    const wanted =
      percent === undefined ? Number(found?.[1] ?? left) : Math.ceil((total * Number(percent)) / 100);
    const size = Math.min(left, wanted);
    if (size > 0) sizes.push(size);
    left -= size;
  }
  return sizes;
}

const failedForm = /^failed\s*>\s*(\d{1,3}(?:\.\d{1,2})?)\s*%$/;

/** The form that `readStopOn` takes, in words. */
export const stopOnForm = "'failed>5%' or new-group";

/** A condition as it is kept; undefined: it has not that form. */
export function readStopOn(text: string): string | undefined {
  if (text.trim() === 'new-group') return 'new-group';
  const percent = failedForm.exec(text.trim())?.[1];
  return percent === undefined || Number(percent) >= 100 ? undefined : `failed>${Number(percent)}%`;
}

/** What has become of those of a step. */
export interface StepOutcomes {
  readonly resolved: number;
  readonly deadAgain: number;
}

/** Why a step must not go on, by how many of those that have an outcome failed; undefined: it may. */
export function tooManyFailed(
  stopOn: readonly string[],
  { resolved, deadAgain }: StepOutcomes,
): string | undefined {
  const limits = stopOn.flatMap((one) => failedForm.exec(one)?.[1] ?? []).map(Number);
  const limit = Math.min(...limits);
  const ended = resolved + deadAgain;
  if (limits.length === 0 || deadAgain * 100 <= limit * ended) return undefined;
  return `failed>${limit}%: ${deadAgain} of ${ended} died again`;
}

/** Does a cause that the plan did not have stop it? */
export function stopsOnNewGroup(stopOn: readonly string[]): boolean {
  return stopOn.includes('new-group');
}
