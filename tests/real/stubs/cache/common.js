// A key is a folder, named by its hex; entries never change once saved, like the real ones.
const fs = require('node:fs');
const path = require('node:path');

exports.input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
exports.lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
exports.folder = (key) => path.join(process.env.STUB_CACHE, Buffer.from(key).toString('hex'));
exports.output = (name, value) => fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`);
exports.keys = () => fs.readdirSync(process.env.STUB_CACHE)
  .map((name) => ({ key: Buffer.from(name, 'hex').toString(), at: fs.statSync(path.join(process.env.STUB_CACHE, name)).mtimeMs }))
  .sort((one, other) => other.at - one.at).map((one) => one.key);
exports.place = (wanted) => path.resolve(process.env.GITHUB_WORKSPACE, wanted.replace(/^~/, process.env.HOME));
