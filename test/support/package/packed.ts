import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The environment of somebody else's machine: nothing of this test run is in it. */
export const plainEnvironment = (): NodeJS.ProcessEnv => {
  const ours = /^(NODE_OPTIONS|JEST|AWS_|STREAMFOLD_|npm_|NODE_ENV)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
};

/** The output of a command of an installed package. @throws with everything that it said when it fails */
export const bin = (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string =>
  run(join(cwd, "node_modules/.bin", command), args, cwd, env);

/** The output of Node. @throws with everything that it said when it fails */
export function node(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  return run(process.execPath, args, cwd, env);
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    const options = { cwd, encoding: "utf8", env: { ...plainEnvironment(), ...env }, stdio: "pipe" } as const;
    return execFileSync(command, args, options);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  }
}

export interface Packed {
  readonly tarball: string;
  /** What is in it, unpacked. */
  readonly folder: string;
  /** A folder into which nothing but the package is installed. */
  readonly installed: string;
  remove(): void;
}

/** The package as `npm pack` makes it, built beside this repository: other tests run what stands in its `dist`. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "streamfold-pack-"));
  const staging = join(folder, "staging");
  mkdirSync(staging);
  node([join(root, "scripts/build.mjs"), staging], root);
  const { files } = readManifest(root);
  const always = ["package.json", ...readdirSync(root).filter((name) => /^(README|LICENSE)/.test(name)), ...files];
  for (const name of always.filter((path) => !path.startsWith("!")))
    if (!existsSync(join(staging, name))) cpSync(join(root, name), join(staging, name), { recursive: true });
  run("npm", ["pack", "--offline", "--ignore-scripts", "--silent", "--pack-destination", folder], staging);
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  run("tar", ["-xzf", tarball], folder);
  const packed = {
    tarball: join(folder, tarball),
    folder: join(folder, "package"),
    installed: join(folder, "installed"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  mkdirSync(packed.installed);
  writeFileSync(join(packed.installed, "package.json"), "{}");
  install(packed.installed, packed);
  return packed;
}

interface Manifest {
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/**
 * `npm install` in a folder, with the library from its tarball and everything else as this repository has it installed:
 * no registry is asked. What the folder's package.json wants and this repository has not is an error.
 */
export function install(folder: string, { tarball, folder: unpacked }: Packed): void {
  const manifest = readManifest(folder);
  const here = (wanted: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.keys(wanted).map((name) => [name, name === "streamfold" ? `file:${tarball}` : linked(name)]),
    );
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const library = here(readManifest(unpacked).dependencies);
  const local = {
    ...manifest,
    dependencies: { ...library, streamfold: `file:${tarball}`, ...here(dependencies) },
    devDependencies: here(devDependencies),
    optionalDependencies: here(optionalDependencies),
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(local, null, 2));
  // npm 11 cannot place peers beside links ("Cannot read properties of null").
  const flags = ["--offline", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  run("npm", ["install", ...flags], folder);
}

const linked = (name: string): string => `file:${realpathSync(join(root, "node_modules", name))}`;
