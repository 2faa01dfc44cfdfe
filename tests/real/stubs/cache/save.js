const fs = require('node:fs');
const path = require('node:path');
const { input, lines, folder, place } = require('./common.js');

const kept = folder(input('key'));
if (!fs.existsSync(kept)) {
  fs.mkdirSync(kept, { recursive: true });
  lines(input('path')).forEach((wanted, index) => {
    if (fs.existsSync(place(wanted))) fs.cpSync(place(wanted), path.join(kept, String(index)), { recursive: true });
  });
}
