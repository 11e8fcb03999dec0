// Makes a fresh clone ready for `npm start` and `npm test`: does only what is missing. Plain Node, no dependency.
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cachedCli, cacheFolder, findTemporalCli, isExecutable, onPath } from './temporal-cli.mjs';

const OLDEST_NODE = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  say(`Node.js ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}`);
  process.exit(1);
}

const CLI_VERSION = '1.5.1'; // 1.6.0 to 1.8.2 cannot be built by `go install`
const ARCHIVE_ANSWER_MS = 10_000;
const root = join(import.meta.dirname, '..');
process.chdir(root);

await step('dependencies', dependenciesAreThere, () =>
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
);
await step('build', buildIsFresh, () => run(process.execPath, ['scripts/build.mjs']));
await step('Temporal CLI', () => findTemporalCli() !== undefined, installTemporalCli);

async function step(name, isDone, work) {
  try {
    if (isDone()) return;
    const start = Date.now();
    say(`${name} ...`);
    await work();
    say(`${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
  } catch (error) {
    say(`${name}: ${error.message}`);
    process.exit(1);
  }
}

function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // Their stdout goes to ours: stdout is for data.
    const shell = process.platform === 'win32';
    const child = spawn(command, args, { stdio: ['ignore', process.stderr, 'inherit'], shell, ...options });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${code}`)),
    );
  });
}

/** What it says is shown only if it fails. */
function runQuietly(command, args, options) {
  return new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) return resolve();
      process.stderr.write(said);
      reject(new Error(`${command} ${args[0]} ended with ${code}`));
    });
  });
}

function dependenciesAreThere() {
  return modified('node_modules/.package-lock.json') >= modified('package-lock.json');
}

function buildIsFresh() {
  const built = modified('lib/.built');
  const sources = ['src', 'simulator', 'scripts/build.mjs', 'tsconfig.json', 'package-lock.json'];
  return built > 0 && sources.every((path) => newest(path) <= built);
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(path) {
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(modified(path), ...readdirSync(path).map((name) => newest(join(path, name))));
}

async function installTemporalCli() {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, 'setup-'));
  try {
    const archive = await download(folder);
    if (archive !== 'done') await goInstall(folder, archive);
    const binary = readdirSync(folder).find((name) => /^temporal(\.exe)?$/.test(name));
    if (!binary || !isExecutable(join(folder, binary))) throw new Error(`no program came out of ${folder}`);
    renameSync(join(folder, binary), cachedCli);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The official archive. Returns `done`, or why not. */
async function download(folder) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const url = `https://temporal.download/cli/archive/v${CLI_VERSION}?platform=${platform}&arch=${arch}`;
  say(`Temporal CLI: asking ${new URL(url).host}`);
  try {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), ARCHIVE_ANSWER_MS);
    const answer = await fetch(url, { signal: giveUp.signal });
    clearTimeout(timer);
    if (!answer.ok || !answer.body) return `it answered ${answer.status}`;
    const archive = join(folder, 'archive');
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(archive));
    await run('tar', ['-xf', archive, '-C', folder]);
    return 'done';
  } catch (error) {
    return error.name === 'AbortError'
      ? `no answer in ${ARCHIVE_ANSWER_MS / 1000} s`
      : (error.cause?.code ?? error.message);
  }
}

async function goInstall(folder, why) {
  const go = onPath('go', '/usr/local/go/bin', '/usr/lib/go/bin', '/opt/homebrew/bin');
  if (!go) {
    throw new Error(
      `not downloaded (${why}), and there is no Go to build it with. Install the Temporal CLI ` +
        `(https://docs.temporal.io/cli) so that \`temporal\` is on PATH, or name it in TEMPORAL_CLI_PATH, or install Go >= 1.25`,
    );
  }
  say(`Temporal CLI: not downloaded (${why}); building ${CLI_VERSION} with Go, about five minutes on two cores`);
  const start = Date.now();
  const timer = setInterval(() => say(`Temporal CLI: building, ${Math.round((Date.now() - start) / 1000)} s`), 30_000);
  try {
    // Gigabytes that nobody else needs: they go with the folder, which is why Go must leave it writable.
    const caches = { GOPATH: join(folder, 'go'), GOCACHE: join(folder, 'cache'), GOFLAGS: '-modcacherw' };
    const env = { ...process.env, ...caches, GOBIN: folder };
    await runQuietly(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`], { env });
  } finally {
    clearInterval(timer);
  }
}
