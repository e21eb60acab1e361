/**
 * Which conditions are told, once, by one of all processes; and where, besides the log. What is left out is not looked
 * at; `pipeline health` then has limits of its own.
 */
export interface UserAlerts {
  /** The first dead letter of a new group. Default: false. */
  newGroup?: boolean | undefined;
  /** A dead letter of a group whose dead letters had all left the DLQ. Default: false. */
  groupBack?: boolean | undefined;
  /** More dead letters than this in such a time, e.g. `10/1m`. Default: none. */
  rate?: string | undefined;
  /** More dead letters than this in the DLQ. Default: none. */
  count?: number | undefined;
  /** More dead letters than this are critical for `pipeline health`. Default: ten times `count`, or 100. */
  countCritical?: number | undefined;
  /** A dead letter is in the DLQ for longer than this, e.g. `1d`. Default: none. */
  oldest?: string | undefined;
  /**
   * The event of a dead letter leaves its stream within this time, and is not kept, or it leaves the DLQ. Default: none, or a
   * quarter of `streams.dlq.maxAge` where that is set, at most a day.
   */
  expiring?: string | undefined;
  /** More messages than this wait for a consumer. Default: none; `pipeline health` takes 100. */
  lag?: number | undefined;
  /** More messages than this are critical. Default: ten times `lag`, or 1,000. */
  lagCritical?: number | undefined;
  /** A stream uses more of its limit of bytes or messages than this, percent. Default: none; `pipeline health` takes 80. */
  storage?: number | undefined;
  /** More than this is critical, percent. Default: three quarters of the rest, or 95. */
  storageCritical?: number | undefined;
  /** Nobody has run a consumer that has work for longer than this, e.g. `5m`. Default: none. */
  nobodyRuns?: string | undefined;
  /** URL that each alert is posted to, as JSON. Signed with the secret in `PLUTOMI_ALERTS_SECRET`. Default: none. */
  webhook?: string | undefined;
  /** Module whose default export is called with each alert; relative to the config file. Default: none. */
  handler?: string | undefined;
  /** Subject that each alert is published to, outside of the pipeline's streams. Default: none. */
  subject?: string | undefined;
}
