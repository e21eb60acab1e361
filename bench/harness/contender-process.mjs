// The process of one contender; see contender.mjs.
const [file, name, options] = process.argv.slice(2);
let answer;
try {
  const module = await import(file);
  answer = { result: (await module[name](JSON.parse(options))) ?? null };
} catch (error) {
  answer = { error: error.stack };
}
process.send(answer, () => process.exit(0));
