// Stand-ins for the images that the Dockerfile builds on, where no registry of images can be reached: Debian's packages, and
// Node.js and npm of npm packages, at the same places.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildah, hasImage } from './buildah.mjs';

// The newest 24 that comes as a package.
const NODE = `node-linux-${process.arch}@24.9.0`;
const NPM = 'npm@11.21.2';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** @param build The name of the build stage's base. @param slim That of the last one. @param suite Debian's, as `trixie`. */
export function makeBases({ build, slim, suite }) {
  if (hasImage(build) && hasImage(slim)) return;
  const folder = mkdtempSync(join(tmpdir(), 'image-base-'));
  const quietly = { cwd: folder, stdio: ['ignore', 2, 'inherit'] };
  try {
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', suite, 'debian.tar'], quietly);
    execFileSync(
      'npm',
      ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', folder, NODE, NPM],
      quietly,
    );
    const modules = join(folder, 'node_modules');
    const container = buildah('from', 'scratch');
    buildah('add', container, join(folder, 'debian.tar'), '/');
    buildah('copy', container, join(modules, NODE.split('@')[0], 'bin', 'node'), '/usr/local/bin/node');
    buildah('copy', container, join(modules, 'npm'), '/usr/local/lib/node_modules/npm');
    buildah('run', container, 'ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm');
    buildah('commit', '--quiet', container, slim);
    // npm asks and trusts whom this machine's does.
    buildah('copy', container, CERTIFICATES, CERTIFICATES);
    const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
    buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container);
    buildah('config', '--env', `NPM_CONFIG_REGISTRY=${registry}`, container);
    buildah('commit', '--quiet', '--rm', container, build);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
