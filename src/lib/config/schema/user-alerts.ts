/**
 * Which conditions of dead letters are told, once, by one of all processes; and where, besides the log. What is left out
 * is not looked at.
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
  /** A dead letter is in the DLQ for longer than this, e.g. `1d`. Default: none. */
  oldest?: string | undefined;
  /** The event of a dead letter leaves its stream within this time, and is not kept. Default: none. */
  expiring?: string | undefined;
  /** URL that each alert is posted to, as JSON. Signed with the secret in `PLUTOMI_ALERTS_SECRET`. Default: none. */
  webhook?: string | undefined;
  /** Module whose default export is called with each alert; relative to the config file. Default: none. */
  handler?: string | undefined;
  /** Subject that each alert is published to, outside of the pipeline's streams. Default: none. */
  subject?: string | undefined;
}
