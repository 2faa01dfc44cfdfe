// What every validator here speaks: {files: [...], ...} on stdin, {checked: [...], findings: [...]} on stdout.
// Console output of the packages would spoil the answer, so it goes to stderr.
import fs from 'node:fs';

console.log = console.info = console.debug = console.error;

export async function batch(validate) {
  const request = JSON.parse(fs.readFileSync(0, 'utf8'));
  const answer = { checked: [], findings: [] };
  for (const file of request.files) {
    for (const finding of await validate(file, fs.readFileSync(file, 'utf8'), request)) {
      answer.findings.push({ file, ...finding });
    }
    answer.checked.push(file);
  }
  // One writeSync may write only what a pipe holds.
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

export function fromDiagnostic(diagnostic) {
  return {
    line: diagnostic.range.start.line + 1,
    column: diagnostic.range.start.character + 1,
    rule: String(diagnostic.code ?? ''),
    message: diagnostic.message,
  };
}
