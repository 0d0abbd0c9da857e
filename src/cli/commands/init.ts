import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { namesOf } from "../names.ts";
import { ownManifest, testedVersion } from "../own-manifest.ts";
import { type NewFile, readTemplate, writeNew } from "../template-files.ts";

/** Writes a service that runs, is tested and deploys as it is. */
export const init = defineCommand({
  name: "init",
  words: ["name"],
  options: {
    library: { kind: "text", hint: "SPEC", about: "where npm gets streamfold from; default this version" },
  },
  about: "Write a new service into a folder of its name",
  details: `One aggregate, one read model, their tests, a function each, and a serverless.yml that lists every resource. It overwrites nothing.`,
  example: "init my-service",
  run: async ({ words: { name }, options: { library } }, { io, output }) => {
    if (!/^[a-z][a-z0-9-]{1,35}$/.test(name))
      throw new UsageError(`NAME: expected 2 to 36 small letters, digits and dashes, a letter first, got ${name}`);
    const folder = join(io.folder, name);
    if (isUsed(folder)) throw new UsageError(`nothing was written: there is something in ${folder} already`);
    const spec = library ?? `^${ownManifest().version}`;
    const files = [
      ...readTemplate("service", { service: name }).map((file) => withVersions(file, spec)),
      ...readTemplate("aggregate", aggregateValues("task")),
    ];
    writeNew(folder, files);
    const result = { folder, files: files.map(({ path }) => path) };
    await output.result(result, () => `${files.length} files in ${name}; now: cd ${name} && npm install && npm start`);
    return "done";
  },
});

function isUsed(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/** Of the template `aggregate`. */
export function aggregateValues(text: string): Readonly<Record<string, string>> {
  const { file, value, type } = namesOf(text);
  return { file, name: value, Name: type };
}

/** The package.json with the versions that this library is tested with, and the engine of this platform. */
function withVersions(file: NewFile, library: string): NewFile {
  if (file.path !== "package.json") return file;
  const manifest = JSON.parse(file.text) as { dependencies: object; devDependencies: object };
  const versioned = (packages: object) =>
    Object.fromEntries(
      Object.keys(packages).map((name) => [name, name === "streamfold" ? library : testedVersion(name)]),
    );
  const engine = `@dynoxide/${process.platform}-${process.arch}`;
  const isKnown = Object.hasOwn(ownManifest().peerDependencies, engine);
  // Of the overrides those that are not of this repository's own tools (docs/dependencies.md).
  const { overrides, allowScripts } = ownManifest();
  const { "unrs-resolver": resolver } = overrides;
  const written = {
    ...manifest,
    dependencies: versioned(manifest.dependencies),
    devDependencies: versioned(manifest.devDependencies),
    ...(isKnown ? { optionalDependencies: versioned({ [engine]: "" }) } : {}),
    ...(resolver === undefined ? {} : { overrides: { "unrs-resolver": resolver } }),
    allowScripts,
  };
  return { ...file, text: `${JSON.stringify(written, null, 2)}\n` };
}
