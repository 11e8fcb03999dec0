// OpenSearch without its plugins, put together from what Maven Central has of it. Needs Java 17 and Maven.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, onPath } from '../temporal-cli.mjs';

const VERSION = '2.19.6';
/** It must be that of log4j-api, which OpenSearch brings. */
const LOG4J = '2.25.4';
const home = join(cacheFolder, `opensearch-${VERSION}`);

/** Its folder, with `lib` and `modules`; undefined if it is not installed, or cannot run for want of Java. */
export const find = () => (existsSync(home) && onPath('java') ? home : undefined);

export async function install() {
  for (const program of ['java', 'mvn']) if (!onPath(program)) throw new Error(`${program} is not on PATH`);
  const unfinished = `${home}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const netty = join(unfinished, 'modules', 'transport-netty4');
  for (const folder of [join(unfinished, 'lib'), netty]) mkdirSync(folder, { recursive: true });
  copyDependencies(unfinished, join(unfinished, 'lib'), [
    ['org.opensearch', 'opensearch', VERSION],
    ['org.opensearch', 'opensearch-cli', VERSION],
    ['org.opensearch', 'opensearch-plugin-classloader', VERSION],
    ['org.apache.logging.log4j', 'log4j-core', LOG4J],
  ]);
  const there = readdirSync(join(unfinished, 'lib')).map((jar) => jar.replace(/-\d[^-]*(-.*)?\.jar$/, ''));
  copyDependencies(unfinished, netty, [['org.opensearch.plugin', 'transport-netty4-client', VERSION]], there);
  writeFileSync(join(netty, 'plugin-descriptor.properties'), descriptor);
  writeFileSync(join(netty, 'plugin-security.policy'), policy);
  rmSync(home, { recursive: true, force: true });
  renameSync(unfinished, home);
}

function copyDependencies(folder, to, artifacts, without = []) {
  const pom = join(folder, 'pom.xml');
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId>
<artifactId>x</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`,
  );
  const args = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${to}`,
    '-DincludeScope=runtime',
  ];
  if (without.length > 0) args.push(`-DexcludeArtifactIds=${without.join(',')}`);
  execFileSync('mvn', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(pom);
}

const descriptor = `name=transport-netty4
description=netty
version=${VERSION}
opensearch.version=${VERSION}
java.version=11
classname=org.opensearch.transport.Netty4Plugin
has.native.controller=false
`;
const policy = `grant {
  permission java.net.SocketPermission "*", "accept,connect,listen,resolve";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.lang.RuntimePermission "setContextClassLoader";
  permission java.lang.RuntimePermission "accessDeclaredMembers";
  permission java.lang.RuntimePermission "accessClassInPackage.sun.nio.ch";
  permission java.lang.reflect.ReflectPermission "suppressAccessChecks";
  permission java.util.PropertyPermission "*", "read,write";
};
`;
