// GitHub's own parser. Without TryConversion it stays silent about needs and cron.
import fs from 'node:fs';
import path from 'node:path';
import { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } from '@actions/workflow-parser';
import { ErrorPolicy } from '@actions/workflow-parser/model/convert';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { batch } from './batch.mjs';

const trace = new NoOperationTraceWriter();

// Errors of the second pass carry their place as words only: "FILE (Line: 3, Col: 7): ...".
function finding(error, rule) {
  const whole = error.message ?? error.Message;
  const said = /^.*?\(Line: (\d+), Col: (\d+)\): /.exec(whole);
  const [line, column] = said ? said.slice(1).map(Number) : [null, null];
  return { line, column, rule, message: said ? whole.slice(said[0].length) : whole };
}

await batch(async (file, text, request) => {
  const source = { name: file, content: text };
  if (/(^|\/)action\.ya?ml$/.test(file)) {
    return parseAction(source, trace).context.errors.getErrors().map((one) => finding(one, 'action'));
  }
  const parsed = parseWorkflow(source, trace);
  if (!parsed.value) return parsed.context.errors.getErrors().map((one) => finding(one, 'parse'));
  const files = {
    getFileContent: async (ref) => ({
      name: ref.path, content: fs.readFileSync(path.join(request.root, ref.path), 'utf8'),
    }),
  };
  const template = await convertWorkflowTemplate(parsed.context, parsed.value, files, {
    errorPolicy: ErrorPolicy.TryConversion, fetchReusableWorkflowDepth: 1,
  });
  return (template.errors ?? []).map((one) => finding(one, 'workflow'));
});
