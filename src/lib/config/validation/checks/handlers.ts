import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Path, type Problems, show } from '../problems.js';
import type { ParsedConfig } from '../../schema/schema.js';

/** Every handler's file is there. `folder` is what relative paths are relative to. */
export async function checkHandlers(parsed: ParsedConfig, problems: Problems, folder: string): Promise<void> {
  for (const [name, consumer] of Object.entries(parsed.consumers)) {
    if (consumer.external !== true) {
      await checkFile(consumer.handler, ['consumers', name, 'handler'], problems, folder);
    }
    const told = consumer.onDeadLetter.handler;
    if (told !== undefined) {
      await checkFile(told, ['consumers', name, 'onDeadLetter', 'handler'], problems, folder);
    }
  }
  const { handler } = parsed.alerts;
  if (handler !== undefined) await checkFile(handler, ['alerts', 'handler'], problems, folder);
}

async function checkFile(written: string, at: Path, problems: Problems, folder: string): Promise<void> {
  if (!problems.intact(at)) return;
  const file = path.resolve(folder, written);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return;
  problems.add(
    at,
    `expected a module, found ${found ? 'a folder' : 'no file'} for ${show(written)} (looked at ${file})`,
  );
}
