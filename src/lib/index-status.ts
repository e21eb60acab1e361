/** The part of the public API about how a pipeline is, and holding up a consumer. */

export type {
  ConsumerStatus,
  DlqStatus,
  PipelineStatus,
  RetryStatus,
  StreamStatus,
} from './status/pipeline-status.js';
export { readHealth } from './status/health/read-health.js';
export type {
  HealthCheck,
  HealthCheckName,
  HealthStatus,
  PipelineHealth,
} from './status/health/pipeline-health.js';
export type {
  ConsumerMetrics,
  PipelineMetrics,
  StreamMetrics,
  TypeMetrics,
} from './status/metrics/pipeline-metrics.js';
export { type MetricsOptions, readMetrics } from './status/metrics/read-metrics.js';
export { readStatus, StatusReader } from './status/read-status.js';
export {
  type ConsumerPause,
  type PausableStage,
  pauseConsumer,
  type PauseReason,
  readPause,
  resumeConsumer,
} from './topology/pause.js';
