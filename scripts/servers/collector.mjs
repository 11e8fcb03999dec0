// An OpenTelemetry Collector that takes HEC (with acknowledgements) and OTLP, and writes files; built by its own builder.
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { goBuild, run } from '../go-build.mjs';
import { cacheFolder, isExecutable } from '../temporal-cli.mjs';

const VERSION = 'v0.130.0';
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib';
const built = join(cacheFolder, `otelcol-${VERSION}`);

const manifest = `dist: { name: otelcol, output_path: ./out }
extensions:
  - gomod: ${CONTRIB}/extension/ackextension ${VERSION}
receivers:
  - gomod: ${CONTRIB}/receiver/splunkhecreceiver ${VERSION}
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver ${VERSION}
exporters:
  - gomod: ${CONTRIB}/exporter/fileexporter ${VERSION}
`;

/** Its program; undefined if it is not at hand. */
export const find = () => (isExecutable(built) ? built : undefined);

/** Four minutes on one core. */
export const install = () =>
  goBuild(built, async (folder, go) => {
    // The sums of contrib's many modules are not in every mirror of the checksum database.
    const env = { GOBIN: folder, GONOSUMDB: '*', CGO_ENABLED: '0' };
    await go(['install', `go.opentelemetry.io/collector/cmd/builder@${VERSION}`], env);
    writeFileSync(join(folder, 'manifest.yaml'), manifest);
    const path = `${process.env.PATH ?? ''}${delimiter}/usr/local/go/bin`;
    await run(join(folder, 'builder'), ['--config', 'manifest.yaml'], {
      cwd: folder,
      env: { ...process.env, ...env, PATH: path },
    });
    return join(folder, 'out', 'otelcol');
  });
