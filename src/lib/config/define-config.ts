import type { UserConfig } from './schema/user-config.js';

/** Returns the config unchanged: for the editor's hints, and for its checks of event types that consumers name. */
export function defineConfig<const E extends string = string>(config: UserConfig<E>): UserConfig<E> {
  return config;
}
