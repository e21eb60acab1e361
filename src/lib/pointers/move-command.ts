/** What to run about the pointers of a consumer that the config no longer has. */
export function moveCommand(consumer: string, to = '<its new name>'): string {
  return `plutomi-events pipeline apply --move-dead-letters ${consumer}=${to}`;
}
