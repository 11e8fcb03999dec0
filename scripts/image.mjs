// Builds the Dockerfile by buildah, without an engine, and prints the folder of the image's files and its configuration.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBases } from './image/bases.mjs';
import { buildah } from './image/buildah.mjs';
import { onPath } from './temporal-cli.mjs';

const root = join(import.meta.dirname, '..');
const NAME = 'compliance-chat-sync:tried';

if (!onPath('buildah') || !onPath('mmdebstrap') || process.getuid() !== 0) {
  console.error("image: this needs root, and the distribution's packages `buildah` and `mmdebstrap`");
  process.exit(1);
}

const [build, slim] = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map(
  ([, name]) => name,
);
step('bases', () => makeBases({ build, slim, suite: /-([a-z]+)$/.exec(build)[1] }));
step('build', () => buildah('build', '--pull=never', '--quiet', '--tag', NAME, root));
buildah('rm', '--all');
buildah('rmi', '--prune');
const folder = buildah('mount', buildah('from', '--pull-never', NAME));
const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', NAME));
console.log(JSON.stringify({ folder, config: OCIv1.config }));

function step(name, work) {
  const start = Date.now();
  console.error(`image: ${name} ...`);
  work();
  console.error(`image: ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
