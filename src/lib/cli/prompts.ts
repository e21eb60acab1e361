import inquirer from 'inquirer';

// Prompts are drawn on stderr: stdout is for results.
const prompt = inquirer.createPromptModule({ output: process.stderr });

/** A yes or no question; the default is no. */
export async function confirm(message: string): Promise<boolean> {
  const { answer } = await prompt<{ answer: boolean }>([
    { type: 'confirm', name: 'answer', message, default: false },
  ]);
  return answer;
}

/** A line of text. */
export async function askText(message: string): Promise<string> {
  const { answer } = await prompt<{ answer: string }>([{ type: 'input', name: 'answer', message }]);
  return answer.trim();
}

export interface Choice {
  readonly name: string;
  readonly value: string;
}

/** One of the choices; the default is the first. */
export async function chooseOne(message: string, choices: readonly Choice[]): Promise<string> {
  const { answer } = await prompt<{ answer: string }>([
    { type: 'select', name: 'answer', message, choices: [...choices], loop: false },
  ]);
  return answer;
}

/** What stays on the screen of a choice: a hundred names would push away all that follows from them. */
function renderSelectedChoices(chosen: readonly unknown[]): string {
  return `${chosen.length} chosen`;
}

/** Any number of the choices; none is an answer too. */
export async function chooseMany(message: string, choices: readonly Choice[]): Promise<string[]> {
  const { answer } = await prompt<{ answer: string[] }>([
    {
      type: 'checkbox',
      name: 'answer',
      message,
      choices: [...choices],
      pageSize: 15,
      loop: false,
      theme: { style: { renderSelectedChoices } },
    },
  ]);
  return answer;
}
