import { aging, unkept } from './aging.mjs';
import { apply } from './apply.mjs';
import { deleted } from './deleted.mjs';
import { deploy } from './deploy.mjs';
import { desk } from './desk.mjs';
import { evict } from './evict.mjs';
import { full } from './full.mjs';
import { poison } from './poison.mjs';
import { proxy } from './proxy.mjs';
import { replay } from './replay.mjs';
import { rolling } from './rolling.mjs';
import { server } from './server.mjs';
import { stepdown } from './stepdown.mjs';
import { workers } from './workers.mjs';

/** All scenarios, in the order in which they run. */
export const scenarios = {
  workers,
  server,
  rolling,
  stepdown,
  proxy,
  poison,
  full,
  evict,
  apply,
  deleted,
  replay,
  deploy,
  desk,
  aging,
  unkept,
};
