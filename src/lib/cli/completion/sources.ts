import { knownContexts } from '../../connection/nats-context.js';
import type { CommandContext } from '../context.js';
import type { Sources } from './completion.js';

/** More than these, nobody reads. */
const most = 50;

/** Asks the config file, the server, and the folders of this machine and of this package. */
export function sourcesOf(context: CommandContext, root: string): Sources {
  return {
    async consumers() {
      const { readersOf } = await import('../../config/resolved.js');
      return readersOf(await context.config()).map(({ name }) => ({ word: name }));
    },
    async contexts() {
      return (await knownContexts(context.environment)).map((word) => ({ word }));
    },
    async events() {
      const { events } = await context.config();
      return events.map(({ type, description }) => ({ word: type, about: description }));
    },
    async examples() {
      const { listExamples } = await import('../../examples/catalog.js');
      return (await listExamples(root)).map(({ name, title }) => ({ word: name, about: title }));
    },
    async groups() {
      const { listGroups } = await import('../../dlq/groups/list-groups.js');
      const { groups } = await listGroups(await context.pipeline(), {}, { limit: most });
      return groups.map(({ id, count, shape }) => ({ word: id, about: `${count}: ${shape}` }));
    },
    async letters() {
      const { listDeadLetters } = await import('../../dlq/list.js');
      const { items } = await listDeadLetters(await context.pipeline(), {}, most);
      return items.map(({ id, reason }) => ({ word: id, about: reason }));
    },
    async tasks() {
      const { listTasks } = await import('../../tasks/task-outcomes.js');
      const { tasks } = await listTasks(await context.pipeline(), { limit: most });
      return tasks.map(({ id, name, state }) => ({ word: id, about: `${name}, ${state}` }));
    },
  };
}
