// What the examples share. Importing it does nothing: handlers may.
import { begin } from './ending.mjs';
import * as narrator from './narrator.mjs';

export { closeAccount } from './account.mjs';
export { run, start } from './commands.mjs';
export { ExampleFailure, until, untilStopped } from './ending.mjs';
export { command, moment, output, tell, verdict } from './narrator.mjs';
export { broken, explain, natsOptions, natsUrl, stay } from './settings.mjs';

/** One line above all. */
export function title(text) {
  begin();
  narrator.title(text);
}

/** The next numbered step. `nats`: the commands of the nats CLI that would do the same; shown with --explain. */
export function step(text, options) {
  begin();
  narrator.step(text, options);
}
