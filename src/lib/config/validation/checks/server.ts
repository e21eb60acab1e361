import type { Problems } from '../problems.js';
import type { ParsedConfig } from '../../schema/schema.js';
import { readServers } from '../../../connection/server-urls.js';

export function checkServer({ server }: ParsedConfig, problems: Problems): void {
  const path = ['server', 'url'];
  if (server.url === undefined || !problems.intact(path)) return;
  const servers = readServers(server.url);
  if ('problem' in servers) problems.add(path, servers.problem);
}
