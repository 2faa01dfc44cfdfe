// Microsoft's language service for Azure Pipelines: unknown tasks and wrong inputs, with their places.
import fs from 'node:fs';
import path from 'node:path';
import service from 'azure-pipelines-language-service';
import parser from 'azure-pipelines-language-service/lib/parser/yamlParser.js';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { batch, fromDiagnostic } from './batch.mjs';

let schema;
await batch(async (file, text, request) => {
  schema ??= JSON.parse(fs.readFileSync(request.schema, 'utf8'));
  const document = TextDocument.create('file://' + path.resolve(file), 'azure-pipelines', 1, text);
  const server = service.getLanguageService(
    async () => schema, [], async () => 'file:///azure-pipelines.json', { resolveRelativePath: (base, name) => name },
  );
  server.configure({ validate: true, schemas: [] });
  return (await server.doValidation(document, parser.parse(document.getText()))).map(fromDiagnostic);
});
