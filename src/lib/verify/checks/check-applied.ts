import { OperationError } from '../../errors.js';
import { compareApplied, describeApplied } from '../../operations/applied.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { suggestCommand } from '../../suggestion.js';
import type { Warning } from '../verification.js';

/** A config that is stored for those who have no config file means the same as the one that is here. */
export async function checkApplied(pipeline: Pipeline): Promise<Warning[]> {
  const { config } = pipeline;
  if (config.applied !== undefined) return [];
  const detail = await describe(pipeline);
  if (detail === undefined) return [];
  return [{ kind: 'applied-config', detail, suggestions: [suggestCommand('pipeline apply')] }];
}

async function describe(pipeline: Pipeline): Promise<string | undefined> {
  try {
    const found = await compareApplied(pipeline);
    return found.action === 'create' ? undefined : describeApplied(found, pipeline.config.file);
  } catch (error) {
    if (error instanceof OperationError && error.code === 'UNREADABLE') return error.message;
    throw error;
  }
}
