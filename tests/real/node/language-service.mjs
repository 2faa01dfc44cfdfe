// GitHub's language service: contexts, outputs, and the inputs of actions, which it reads from mapped folders.
import fs from 'node:fs';
import path from 'node:path';
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import { batch, fromDiagnostic } from './batch.mjs';

function metadata(folder) {
  const file = ['action.yml', 'action.yaml'].map((name) => path.join(folder, name)).find(fs.existsSync);
  return file && parse(fs.readFileSync(file, 'utf8'));
}

await batch(async (file, text, { actions, root }) => {
  const document = TextDocument.create('file://' + path.resolve(file), 'yaml', 0, text);
  const where = (owner, name) => actions[`${owner}/${name}`];
  const found = await validate(document, {
    actionsMetadataProvider: {
      fetchActionMetadata: async (action) => {
        const folder = where(action.owner, action.name);
        return folder && metadata(path.join(folder, action.path ?? ''));
      },
    },
    fileProvider: {
      getFileContent: async (ref) => {
        const folder = ref.repository ? where(ref.owner, ref.repository) : root;
        return { name: ref.path, content: fs.readFileSync(path.join(folder, ref.path), 'utf8') };
      },
    },
  });
  return found.map(fromDiagnostic);
});
