import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { durationMeant, parseDuration } from '../../domain/duration.js';
import { escapeLine } from '../../domain/escape.js';
import { manyMore } from '../../domain/group-status.js';
import { parseMoment } from '../../domain/moment.js';
import { UsageError } from '../../errors.js';
import { protectedFlags } from './consent-flags.js';
import { didYouMean } from './global-flags.js';

const longestName = 128;
const longestNote = 2000;

/** Throws UsageError for a text that says nothing, or more than is kept. */
export function boundedText(what: string, text: string, most = longestName): string {
  if (text.trim() === '') throw new UsageError(`${what}: expected some text, found "${escapeLine(text)}"`);
  if (text.length <= most) return text;
  throw new UsageError(`${what}: expected at most ${most} characters, found ${text.length}`);
}

export function noteText(text: string): string {
  return boundedText('note', text, longestNote);
}

/** Until when a group is muted, as it is kept: an ISO time, `100x` or `deploy`. Throws UsageError for anything else. */
export function muteUntil(text: string, nowMs: number): string {
  if (text === 'deploy' || manyMore.test(text)) return text;
  const forMs = parseDuration(text);
  const ms = forMs === undefined ? parseMoment(text, nowMs) : nowMs + forMs;
  if (ms !== undefined && ms > nowMs) return new Date(ms).toISOString();
  const past = ms === undefined ? '' : ', which is not to come';
  throw new UsageError(
    `--until: expected how long (24h), how many more dead letters (100x), deploy, or an ISO time to come, found "${escapeLine(text)}"${past}`,
    didYouMean('until', durationMeant(text)),
  );
}

export const groupArg = Args.string({
  description: 'id of a group, as dlq groups prints it, or its first 6 characters',
  required: true,
  ignoreStdin: true,
});

/** Of all commands that keep something about a group. */
export const groupFlags = {
  incident: Flags.custom({
    description: 'the incident that the group belongs to',
    helpValue: '<name>',
    parse: async (text) => boundedText('--incident', text),
  })(),
  'dry-run': Flags.boolean({ description: 'show what it would do, change nothing' }),
  ...protectedFlags,
};
