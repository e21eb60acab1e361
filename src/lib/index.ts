/** The public API of plutomi-events: everything that a command can do, a program can. */

// Writing configs and handlers.
export { defineConfig } from './config/define-config.js';
export type { StandardSchema } from './config/schema/standard-schema.js';
export type {
  UserBatch,
  UserConfig,
  UserConsumer,
  UserEvent,
  UserExternalConsumer,
  UserKeys,
  UserManagedConsumer,
  UserMeta,
  UserStage,
  UserStream,
  UserStreams,
} from './config/schema/user-config.js';
export type { UserAlerts } from './config/schema/user-alerts.js';
export type { AxiomSettings, LogSettings, TransportSettings, UserLog } from './config/telling/log.js';
export type { AlertRate } from './domain/alert-rate.js';
export type { Alert, AlertCondition, AlertGroup, AlertHandler } from './domain/alert.js';
export type { DeadLetter } from './domain/dead-letter.js';
export { Reject, Snooze } from './domain/outcome.js';
export type {
  BatchAttempt,
  BatchContext,
  BatchHandler,
  BatchOutcome,
  BatchResult,
  Handler,
  HandlerContext,
  PlutomiEvent,
} from './handlers/contract.js';
export type { DeadLetterHandler } from './waterfall/stages/alert.js';

// Config and connection.
export type { Environment } from './connection/environment.js';
export { readEnvironment } from './connection/environment.js';
export { type LoadOptions, loadConfig } from './config/load.js';
export type {
  AlertLevels,
  AlertSettings,
  Applied,
  ConsumerSettings,
  EventType,
  ExternalConsumer,
  PipelineConfig,
  StreamPlacement,
  StreamSettings,
} from './config/resolved.js';
export { handlerFiles } from './config/resolved.js';
export { resolveTarget } from './connection/resolve-target.js';
export type { TargetOptions } from './connection/target-options.js';
export { connect, type ConnectOptions, minimumServerVersion } from './nats/connect/connect.js';
export type { Link } from './nats/link.js';
export type { ConnectionTarget } from './nats/connect/target.js';

// A pipeline, as the command line finds it.
export type { DeadLetters } from './open/dead-letters.js';
export type { ConnectionOptions, OpenOptions } from './open/open-options.js';
export { openPipeline } from './open/open-pipeline.js';
export type { OpenedRun, OpenPipeline, RunOpenedOptions } from './open/opened-pipeline.js';

// Its parts: the first argument of what follows.
export type { Clock } from './flow/clock.js';
export type { Identity } from './pipeline/identity.js';
export { makePipeline, type Pipeline, type PipelineParts } from './pipeline/pipeline.js';
export type { Place, Places } from './pipeline/places.js';

// Provisioning.
export { applyPlan, type ApplyOptions, checkTopology, planTopology } from './topology/apply.js';
export type { Change } from './topology/diff/diff.js';
export { type EnsureOptions, ensureTopology } from './topology/ensure.js';
export {
  type AppliedComparison,
  compareApplied,
  storeApplied,
  type StoreAppliedOptions,
} from './operations/applied.js';
export type { Plan, PlanOptions } from './topology/plan.js';

// Who may do what.
export { type PermissionOptions, permissionsOf, type RolePermissions } from './permissions/permissions.js';
export type { Role } from './permissions/role.js';

// Running.
export { loadHandlers } from './handlers/load.js';
export { type Logger, type LogLevel, type LogOptions, makeLogger, silentLogger } from './observe/log.js';
export { logWaterfall } from './observe/log-waterfall.js';
export type { EventCounts } from './observe/count-events.js';
export type { Subscribe } from './observe/event-bus.js';
export type {
  ConnectionSnapshot,
  HandlersSnapshot,
  Holding,
  PipelineSnapshot,
  RunningHandler,
  Since,
  StageCounts,
  StageSnapshot,
  Waiting,
} from './observe/snapshot.js';
export type { AlertEvents } from './observe/alert-events.js';
export type {
  ListenerOf,
  WaterfallEvent,
  WaterfallEventOf,
  WaterfallEvents,
  WaterfallEventType,
  WaterfallListener,
} from './observe/waterfall-event.js';
export type { ProxySettings } from './http/proxy.js';
export { runPipeline } from './waterfall/run.js';
export type { RunningPipeline, RunSettings, StopSummary } from './waterfall/running-pipeline.js';

// How it is, and holding up a consumer.
export * from './index-status.js';

// Publishing.
export {
  PartlyPublishedError,
  type PublishManyOptions,
  type PublishManyResult,
} from './events/publish/publish-many.js';
export { Publisher, type PublisherOptions } from './events/publish/publish.js';
export { type AsyncApiDocument, asyncApiOf, type AsyncApiOptions } from './events/catalog/asyncapi.js';
export {
  type Catalog,
  type CatalogConsumer,
  type CatalogEvent,
  catalogOf,
} from './events/catalog/catalog.js';
export type { LintFinding, LintRule } from './config/lint/finding.js';
export { lintConfig } from './config/lint/lint-config.js';
export type { PublishWarning } from './events/publish/warnings.js';
export type { EventHeaders } from './events/publish/headers.js';
export type { OutgoingEvent, PublishEventOptions, PublishResult } from './events/publish/outgoing.js';

// Reading events.
export { hearEvents, type HearEventsOptions } from './events/read/hear-events.js';
export { readEventPages, readEvents, tailEvents } from './events/read/read-events.js';
export type { JoinedGroup, Moment, ReadEventsOptions, StoredRange } from './events/read/read-options.js';
export type { HeardEvent, StoredEvent } from './events/read/stored-event.js';
export type { ReceivedEvent } from './events/subscribe/received-event.js';
export { subscribeEvents } from './events/subscribe/subscribe.js';
export type { SubscribeOptions, Subscription, SubscriptionStart } from './events/subscribe/options.js';
export type { ReadPage } from './nats/read/read-stream.js';

// Replaying and measuring events.
export { type EventReplayPlan, planEventReplay, type ReplayTarget } from './events/replay/plan-replay.js';
export { replayEvents } from './events/replay/replay-events.js';
export type { EventReplay, ReplayEventsOptions } from './events/replay/replay-options.js';
export type { ReplayProblem, ReplaySoFar } from './events/replay/replay-options.js';
export { loadEvents } from './events/load/load.js';
export type { EventLoad, EventLoadOptions, Latencies } from './events/load/load-options.js';
export type { LoadProblem, LoadSoFar } from './events/load/load-options.js';
export { type EventLoadPlan, planLoad } from './events/load/plan-load.js';

// The dead letter queue and the journal.
export { type AdvisoryLine } from './journal/advisory-line.js';
export { tailAdvisories, type TailOptions } from './journal/tail.js';
export { type DeadLetterGroups, type Grouping, groupDeadLetters } from './dlq/group.js';
export { type Group, type GroupList, listGroups, type ListGroupsOptions } from './dlq/groups/list-groups.js';
export { type DecideOptions, decideGroup, type GroupState } from './dlq/groups/change-group.js';
export type { GroupChange } from './domain/group-document.js';
export type { GroupDecision } from './domain/group-decision.js';
export type { GroupStatus } from './domain/group-status.js';
export type { OnRead, ReadSoFar } from './nats/read/read-so-far.js';
export type { Archiving, DeadLetterItem } from './dlq/item.js';
export {
  type DeadLetterList,
  type DeadLetterPage,
  type ListOptions,
  listDeadLetters,
  readDeadLetters,
} from './dlq/list.js';
export {
  archiveDeadLetters,
  type ArchiveOptions,
  type ArchiveResult,
  planArchive,
} from './dlq/archive/archive.js';
export { planRestore, restoreDeadLetters, type RestoreResult } from './dlq/archive/restore.js';
export {
  discardDeadLetters,
  type DiscardOptions,
  type DiscardResult,
  planDiscard,
} from './dlq/discard.js';
export type { LetterPlan, LetterSelection } from './dlq/plan/plan-letters.js';
export {
  planReplay,
  type ReplayPlan,
  type ReplaySelection,
  type ReplayTerms,
} from './dlq/replay/plan-replay.js';
export type { IfSuperseded } from './dlq/facts/superseded.js';
export { replayDeadLetters, type ReplayOptions, type ReplayReport } from './dlq/replay/replay-letters.js';
export type { ReplayResult } from './dlq/replay/result.js';
export { runReplay, type RunReplayOptions } from './dlq/replay/run-replay.js';
export { replayAsTask, type ReplayAsTaskOptions } from './dlq/replay/replay-as-task.js';
export { openReplay, type ReplayTask, storeReplay } from './dlq/replay/replay-task.js';
export { runTask, type RunTaskOptions } from './dlq/replay/run-task.js';
export { cancelTask } from './tasks/cancel-task.js';
export { findTask, type TaskHead } from './tasks/find-task.js';
export type { TaskTerms } from './tasks/store-task.js';
export {
  type ListTasksOptions,
  listTasks,
  showTask,
  type TaskDetails,
  type TaskItem,
  type TaskList,
  type TaskSummary,
} from './tasks/task-outcomes.js';
export { watchTask } from './tasks/watch-task.js';
export type { Task, TaskState, TaskStep, TaskStopped } from './domain/task.js';
export type { DeadLetterFilters } from './dlq/filters.js';
export type { EventsRead } from './dlq/sift.js';
export { parseSelection } from './domain/selection/parse.js';
export { printSelection } from './domain/selection/print.js';
export type {
  Comparison,
  Pattern,
  Selection,
  SelectionKey,
  Term,
  Value,
} from './domain/selection/selection.js';
export { type ExportedLetter, exportDeadLetters, type ExportOptions } from './dlq/out/export.js';
export { watchDeadLetters, type WatchOptions } from './dlq/out/watch.js';
export { type DeadLetterDetails, type EditedEvent, showDeadLetter } from './dlq/show.js';
export type { JournalRecord } from './domain/record.js';

// What people did, and what came of it.
export type { Operation } from './report/operation.js';
export { type OperationsLog, type OperationsOptions, readOperations } from './report/operations-log.js';
export {
  type DeadLetterReport,
  reportDeadLetters,
  type ReportGroup,
  type ReportOptions,
} from './report/make-report.js';
export type { OutcomeCounts } from './report/outcome.js';

// Proving and explaining.
export type { Diagnosis, Finding, Subject } from './doctor/finding.js';
export { diagnosePipeline, type DiagnoseOptions } from './open/diagnose-pipeline.js';
export { defaultScanLimit, explainEvent, type ExplainOptions } from './events/explain/explain.js';
export type { Explanation } from './events/explain/explanation.js';
export { repairVerified } from './verify/repair/repair.js';
export type { Problem, Verification, Verified, Warning } from './verify/verification.js';
export { type VerifyOptions, verifyPipeline } from './verify/verify.js';

// A nats-server for development and tests.
export { type FolderServer, startFolderServer, stopFolderServer } from './dev-server/folder-server.js';
export { provideServer } from './dev-server/provide.js';

// Errors.
export {
  ConfigError,
  type ConfigProblem,
  ConnectionError,
  type ExitCode,
  InterruptedError,
  OperationError,
  PlutomiError,
  UsageError,
} from './errors.js';
export { type Caller, renderSuggestion } from './render/suggestion.js';
export type { Blank, GivenFlag, OtherCommand, OwnCommand, SuggestedWord, Suggestion } from './suggestion.js';
export {
  ClosedError,
  NotAllowedError,
  StoreFullError,
  TooLargeError,
  UnreachableError,
  WrongSequenceError,
} from './nats/errors.js';
