/** What the scripts and benchmarks of this repository use beyond the public API; the package doesn't export it. */

export { configJsonSchema } from './config/schema/json-schema.js';
export { readEnvironment } from './connection/environment.js';
export { makeFailure } from './domain/failure.js';
export { encodePointer, pointerFrom, pointerHeaders } from './domain/pointer.js';
export { makeExhaustion } from './domain/record-exhaustion.js';
export { nanosOfRfc3339 } from './domain/time.js';
export { versionAtLeast } from './nats/server-version.js';
export { startServer } from './dev-server/embedded.js';
export { installServer } from './dev-server/install/install.js';
export { locateServer } from './dev-server/locate.js';
export { KNOWN_VERSIONS, PINNED_VERSION } from './dev-server/install/versions.js';
export { systemClock } from './flow/clock.js';
export { EndingStreams } from './pointers/ending-streams.js';
export { keepOriginals } from './waterfall/rescue/keep-originals.js';
export { DueScan } from './waterfall/rescue/scan-due.js';
