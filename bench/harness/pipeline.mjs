import { stopChild } from './project.mjs';

/**
 * Runs `work` while `pipeline run` runs: `firstAt` resolves when its handler says that it was called for the first
 * time, `ask()` asks it what it counted.
 */
export async function runPipelineProcess(project, work, words = ['--log-level', 'warn']) {
  const child = project.start('pipeline', 'run', ...words);
  const ended = new Promise((_, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`pipeline run ended with ${signal ?? code}`)));
  });
  ended.catch(() => {});
  const message = () => new Promise((resolve) => child.once('message', resolve));
  const firstAt = message().then((said) => said.firstAt);
  const ask = () => {
    const answer = message();
    child.send('tell');
    return answer;
  };
  try {
    return await Promise.race([work({ firstAt, ask, child }), ended]);
  } finally {
    await stopChild(child);
  }
}
