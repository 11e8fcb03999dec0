// Figures of the code: unused code, import cycles, sizes and comments. Exits 1 if something is unused or a cycle is there.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const knip = join(root, 'node_modules', 'knip', 'bin', 'knip.js');
const LARGE = 300;

for (const [title, args] of [
  ['unused code', []],
  ['import cycles', ['--cycles']],
]) {
  const { status } = spawnSync(process.execPath, [knip, ...args], { cwd: root, stdio: 'inherit' });
  console.log(`${title}: ${status === 0 ? 'none' : 'see above'}`);
  if (status !== 0) process.exitCode = 1;
}

console.log('\n| folder | files | lines | median | p90 | largest | comments |\n|---|---|---|---|---|---|---|');
const large = [];
for (const folder of ['src', 'simulator', 'harness', 'bench', 'chaos', 'test']) {
  const files = readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => measure(join(folder, name)));
  const sizes = files.map((file) => file.lines).sort((a, b) => a - b);
  const sum = sizes.reduce((a, b) => a + b, 0);
  const comments = files.reduce((total, file) => total + file.comments, 0);
  const at = (share) => sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))];
  const share = `${((100 * comments) / sum).toFixed(1)} %`;
  console.log(`| ${[folder, files.length, sum, at(0.5), at(0.9), sizes.at(-1), share].join(' | ')} |`);
  large.push(...files.filter((file) => file.lines > LARGE));
}
for (const { path, lines } of large) console.log(`over ${LARGE} lines: ${path} (${lines})`);

/** Lines, and lines that hold a comment. */
function measure(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const commented = new Set();
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const note = (node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
      const last = source.getLineAndCharacterOfPosition(end).line;
      for (let line = source.getLineAndCharacterOfPosition(pos).line; line <= last; line++) commented.add(line);
    }
    node.forEachChild(note);
  };
  note(source);
  return { path, lines: text.split('\n').length - 1, comments: commented.size };
}
