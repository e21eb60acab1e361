import { execFileSync } from 'node:child_process';
import { cpus, platform, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';

/** Where the figures come from: they mean nothing without it. */
export function describeMachine(serverBinary) {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    node: process.versions.node,
    natsServer: execFileSync(serverBinary, ['--version'], { encoding: 'utf8' }).replace(/^.*v/s, '').trim(),
    client: dependencies['@nats-io/transport-node'],
  };
}

/** The most memory that a process has had; 0 where the system does not tell. */
export function peakRssMb(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
