const fs = require('node:fs');
const path = require('node:path');
const { input, lines, folder, output, keys, place } = require('./common.js');

const key = input('key');
const known = keys();
const found = known.includes(key) ? key
  : lines(input('restore-keys')).map((start) => known.find((one) => one.startsWith(start))).find(Boolean);
output('cache-primary-key', key);
output('cache-hit', found ? String(found === key) : '');
output('cache-matched-key', found ?? '');
if (found && input('lookup-only') !== 'true') {
  lines(input('path')).forEach((wanted, index) => {
    const kept = path.join(folder(found), String(index));
    if (fs.existsSync(kept)) fs.cpSync(kept, place(wanted), { recursive: true });
  });
}
if (!found && input('fail-on-cache-miss') === 'true') {
  console.log('::error::Failed to restore cache entry.');
  process.exitCode = 1;
}
