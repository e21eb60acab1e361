/** The public API of plutomi-events. */
export { defineConfig } from './config/define-config.js';
export { Reject, Snooze } from './domain/outcome.js';
export type { StandardSchema } from './config/standard-schema.js';
export type {
  UserConfig,
  UserConsumer,
  UserEvent,
  UserMeta,
  UserStage,
  UserStream,
  UserStreams,
} from './config/user-config.js';
