import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { ROOT } from '../../harness/root';

/** What every manifest says of itself. */
export const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type Manifest = z.output<typeof manifestSchema>;

/** The packages that hold the API's schemas as types, by the API's group. */
function importOf({ apiVersion, kind }: Manifest): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return group === 'monitoring.coreos.com'
    ? `import type { I${kind} as Schema } from '@kubernetes-models/prometheus-operator/${apiVersion}/${kind}';`
    : `import type { ${kind} as Schema } from 'kubernetes-types/${group?.replace('.k8s.io', '')}/${version}';`;
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
};

/**
 * Compares manifests with the API's schemas, strictly: the compiler refuses in a literal whatever its type does not know, misses
 * what it needs, and takes no other type.
 *
 * @returns What is wrong, by the manifest's place in the list.
 */
export function problemsOf(manifests: readonly Manifest[]): string[][] {
  const texts = new Map(
    manifests.map((manifest, n) => [
      join(ROOT, 'test', 'ops', `manifest-${n}.ts`),
      `${importOf(manifest)}\nexport const manifest: Schema = ${JSON.stringify(manifest, null, 2)};\n`,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const isThere = host.fileExists.bind(host);
  const read = host.getSourceFile.bind(host);
  host.fileExists = (path) => texts.has(path) || isThere(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? read(path, version, ...rest) : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...texts.keys()], OPTIONS, host);
  return [...texts.keys()].map((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}
