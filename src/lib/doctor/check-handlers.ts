import { access, constants } from 'node:fs/promises';
import { handlerFiles, type PipelineConfig } from '../config/resolved.js';
import { fail, type Finding, ok, warn } from './finding.js';

/** Whether the modules are there that the config names. They are not loaded: that would run them. */
export async function checkHandlers(config: PipelineConfig): Promise<Finding[]> {
  if (config.applied !== undefined)
    return [
      warn(
        'handlers',
        'the config was read from the server: handlers are not looked for',
        'run it where the config file is',
      ),
    ];
  const files = handlerFiles(config);
  const findings: Finding[] = [];
  for (const { path, file } of files) {
    try {
      await access(file, constants.R_OK);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const text = `${path}: ${file} ${isMissing ? 'is not there' : 'can not be read by this user'}`;
      findings.push(fail('handlers', text, isMissing ? 'build it, or correct the path in the config' : null));
    }
  }
  if (findings.length > 0) return findings;
  const count = new Set(files.map(({ file }) => file)).size;
  return [ok('handlers', `${count} ${count === 1 ? 'module is' : 'modules are'} there`)];
}
