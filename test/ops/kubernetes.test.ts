import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { ROOT } from '../../harness/root';
import { loadWorkerConfig } from '../../src/config/config';
import { temporalSettings } from '../../src/temporal/settings';
import { version } from '../../src/version';
import { manifestSchema, problemsOf, type Manifest } from './kubernetes-types';

const FOLDER = join(ROOT, 'ops', 'kubernetes');
const KUSTOMIZATION = 'kustomization.yaml';
const documentsIn = (name: string): unknown[] => loadAll(readFileSync(join(FOLDER, name), 'utf8'));

const files = readdirSync(FOLDER).filter((name) => name !== KUSTOMIZATION);
const manifests = files.flatMap((name) => documentsIn(name).map((document) => manifestSchema.parse(document)));
const theOne = (kind: string): Manifest => {
  const [found, ...others] = manifests.filter((manifest) => manifest.kind === kind);
  expect(others).toEqual([]);
  return found!;
};

const named = z.looseObject({ name: z.string() });
const container = z.looseObject({
  image: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  envFrom: z.tuple([z.object({ configMapRef: named })]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
});
const workload = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({ containers: z.tuple([container]), volumes: z.array(named).default([]) }),
    }),
  }),
});
const podOf = (kind: string) => workload.parse(theOne(kind)).spec.template;

test('every manifest is as the API knows it', () => {
  expect(problemsOf(manifests)).toEqual(manifests.map(() => []));
});

test('a field, a type or a place that the API does not know is an error', () => {
  const metadata = { name: 'wrong' };
  const wrong = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, dta: {} },
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { backoffLimit: '5', template: {} } },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 1, selector: {} } },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata,
      spec: { selector: {}, endpoints: [{ prt: 'metrics' }] },
    },
  ].map((one) => manifestSchema.parse(one));
  const says = problemsOf(wrong).map((problems) => problems.join());
  expect(says).toEqual([
    expect.stringContaining('\'"dta"\' does not exist'),
    expect.stringContaining("'string' is not assignable to type 'number'"),
    expect.stringContaining("'template' is missing"),
    expect.stringContaining('\'"prt"\' does not exist'),
  ]);
});

test('all is applied at once, but the Secret', () => {
  const kustomization = z
    .object({ namespace: z.string(), resources: z.array(z.string()), images: z.array(z.unknown()) })
    .parse(documentsIn(KUSTOMIZATION)[0]);
  expect([...kustomization.resources, 'secret.yaml'].sort()).toEqual(files.toSorted());
  expect(kustomization.namespace).toBe(theOne('Namespace').metadata.name);
  expect(theOne('Secret').metadata.namespace).toBe(kustomization.namespace);
  expect(kustomization.images).toEqual([expect.objectContaining({ name: 'compliance-chat-sync', newTag: version })]);
});

test.each(['Deployment', 'Job'])('the pod of the %s may do nothing but its work', (kind) => {
  const { spec } = podOf(kind);
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  });
  expect(spec.containers[0]).toMatchObject({
    image: 'compliance-chat-sync',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  });
});

describe('the worker', () => {
  const { spec, metadata } = podOf('Deployment');
  const [{ env, envFrom, ports, volumeMounts }] = spec.containers;
  const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(theOne('ConfigMap'));
  const environment = { ...data, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) };

  test('has time to drain', () => expect(spec['terminationGracePeriodSeconds']).toBe(30));

  test('takes its settings', () => {
    expect(envFrom[0].configMapRef.name).toBe(theOne('ConfigMap').metadata.name);
    const { ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: _, ...rest } = environment;
    const { warnings } = loadWorkerConfig({ ...rest, ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk-ant-api01-x' });
    expect(warnings).toEqual([]);
    expect(temporalSettings(rest).address).toBe(data['TEMPORAL_ADDRESS']);
  });

  test('finds its key and its archive', () => {
    const { stringData } = z.object({ stringData: z.record(z.string(), z.string()) }).parse(theOne('Secret'));
    const volumes = Object.fromEntries(spec.volumes.map(({ name, ...volume }) => [name, volume]));
    const at = Object.fromEntries(volumeMounts.map(({ name, mountPath }) => [mountPath, volumes[name]]));
    const keyFile = environment['ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE'] ?? '';
    expect(Object.keys(stringData).map((key) => `/run/secrets/compliance/${key}`)).toEqual([keyFile]);
    expect(at).toMatchObject({
      '/data': { persistentVolumeClaim: { claimName: theOne('PersistentVolumeClaim').metadata.name } },
      '/run/secrets/compliance': { secret: { secretName: theOne('Secret').metadata.name } },
    });
  });

  test('is asked for its metrics, where it serves them', () => {
    const [port] = ports;
    expect(environment['METRICS_ADDRESS']).toBe(`0.0.0.0:${port?.containerPort}`);
    const { spec: service } = z
      .object({ spec: z.object({ selector: z.record(z.string(), z.string()), ports: z.tuple([named]) }) })
      .parse(theOne('Service'));
    expect(metadata.labels).toMatchObject(service.selector);
    expect(service.ports[0]).toMatchObject({ targetPort: port?.name });
    expect(theOne('ServiceMonitor')).toMatchObject({ spec: { endpoints: [{ port: service.ports[0].name }] } });
    expect(theOne('NetworkPolicy')).toMatchObject({ spec: { ingress: [{ ports: [{ port: port?.name }] }] } });
  });
});
