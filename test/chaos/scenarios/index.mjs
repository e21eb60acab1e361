import { rolling } from './rolling.mjs';
import { server } from './server.mjs';
import { stepdown } from './stepdown.mjs';
import { workers } from './workers.mjs';

/** All scenarios, in the order in which they run. */
export const scenarios = { workers, server, rolling, stepdown };
