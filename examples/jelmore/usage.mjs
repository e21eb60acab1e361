// Usage from history: plutomi-events events replay --hours 24 --handler ./usage.mjs
import { writeFileSync } from 'node:fs';

const usage = { sessions: 0, completed: 0, failed: 0, files: 0, pushes: 0, seconds: 0 };

export default function count({ type, data }) {
  if (type === 'session.created') usage.sessions++;
  if (type === 'session.completed') usage.seconds += data.duration_s;
  if (type === 'session.completed') usage.completed++;
  if (type === 'session.failed') usage.failed++;
  if (type === 'session.file_modified') usage.files++;
  if (type === 'session.git_activity' && data.operation === 'push') usage.pushes++;
  writeFileSync('usage.json', `${JSON.stringify(usage)}\n`);
}
