import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { build, type Plugin } from "esbuild";
import { node, type Packed, pack, readManifest } from "../../support/package/packed.ts";
import { describeLoanService } from "./loan-service.ts";
import { describeNewService } from "./new-service.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const FACES = ["streamfold", "streamfold/testing", "streamfold/client", "streamfold/consumer", "streamfold/lambda"];
const LIMIT_BYTES = 60_000;

let packed: Packed;
beforeAll(() => {
  packed = pack();
}, 60_000);
afterAll(() => packed.remove());

test("publint and attw find nothing, for CommonJS, ES modules and bundlers", () => {
  const bin = join(root, "node_modules/.bin");
  expect(node([join(bin, "publint"), "run", packed.tarball, "--strict"], root)).toContain("All good!");
  const said = node([join(bin, "attw"), packed.tarball, "--profile", "node16", "--format", "ascii"], root);
  for (const face of FACES) expect(said).toContain(`"${face}"`);
});

test("what our serverless.yml includes is what the package brings", () => {
  const yaml = readFileSync(join(root, "serverless.yml"), "utf8");
  const included = [...yaml.matchAll(/\$\{file\(src\/([\w/.-]+)\)/g)].flatMap(([, file]) => file ?? []);
  expect(included.length).toBeGreaterThan(20);
  for (const file of included) {
    const shipped = file.replace(/^lambda\//, "infrastructure/functions/");
    expect(readFileSync(join(packed.folder, shipped), "utf8")).toBe(readFileSync(join(root, "src", file), "utf8"));
  }
  for (const file of readdirSync(join(packed.folder, "infrastructure"), { recursive: true, encoding: "utf8" }))
    if (file.endsWith("ml"))
      expect(readFileSync(join(packed.folder, "infrastructure", file), "utf8")).not.toContain("file(src");
});

test("nothing that is for development only is forced on who installs it", () => {
  const { dependencies = {}, optionalDependencies } = readManifest(packed.folder);
  expect(optionalDependencies).toBeUndefined();
  const shipped = readdirSync(packed.folder, { recursive: true, encoding: "utf8" });
  // The template's files name it.
  expect(shipped).toContain(join("docs", "deploy.md"));
  expect(shipped.filter((file) => /^(src|test|scripts)\b/.test(file) || file.includes("adr"))).toEqual([]);
  const forced = Object.keys(dependencies).filter((name) => /dynoxide|libsql|esbuild|serverless|jest/.test(name));
  expect(forced).toEqual([]);
});

test("what the plugin lacks is named with the command that installs it", () => {
  const hook = (name: string, prebuilt: string) => `
    import Plugin from "streamfold/local";
    import { mkdirSync, writeFileSync } from "node:fs";
    mkdirSync("src/functions", { recursive: true });
    writeFileSync("src/functions/api.ts", "");
    process.env.STREAMFOLD_PREBUILT = "${prebuilt}";
    const plugin = new Plugin({ serviceDir: process.cwd(), service: {}, classes: { Error } });
    await plugin.hooks["${name}"]().catch(({ message }) => console.log(message));`;
  const run = (name: string, prebuilt = "") =>
    node(["--input-type=module", "-e", hook(name, prebuilt)], packed.installed);
  expect(run("before:package:createDeploymentArtifacts")).toContain("npm install --save-dev esbuild");
  const local = run("before:offline:start", "true");
  expect(local).toMatch(
    /^the local run needs (serverless-offline|libsql), which is not installed: npm install --save-dev/,
  );
});

test.each(FACES)("%s has the same names by import and by require", (face) => {
  const imported = node(
    ["--input-type=module", "-e", `console.log(...Object.keys(await import("${face}")).sort())`],
    packed.installed,
  );
  // Jest and older Nodes cannot require ES modules.
  const required = ["--no-experimental-require-module", "-e", `console.log(...Object.keys(require("${face}")).sort())`];
  expect(node(required, packed.installed)).toBe(imported);
  expect(imported.split(" ").length).toBeGreaterThan(0);
});

interface Bundle {
  readonly bytes: number;
  /** Of the SDK, which is left outside. */
  readonly clients: readonly string[];
}

/** Modules of the given contents, each bundled by itself. */
async function bundle(contents: Readonly<Record<string, string>>): Promise<Readonly<Record<string, Bundle>>> {
  const { outputs } = (
    await build({
      entryPoints: Object.keys(contents),
      plugins: [modulesOf(contents)],
      outdir: "out",
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      target: "node20",
      external: ["@aws-sdk/*"],
      metafile: true,
      write: false,
    })
  ).metafile;
  const names = Object.keys(contents);
  return Object.fromEntries(
    Object.values(outputs).map(({ bytes, imports, entryPoint = "" }) => {
      const clients = imports.map(({ path }) => path).filter((path) => path.startsWith("@aws-sdk/"));
      return [names.find((name) => entryPoint.endsWith(`:${name}`)), { bytes, clients: [...new Set(clients)].sort() }];
    }),
  );
}

const modulesOf = (contents: Readonly<Record<string, string>>): Plugin => ({
  name: "modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "entry-point" ? { path, namespace: "modules" } : undefined,
    );
    onLoad({ filter: /./, namespace: "modules" }, ({ path }) => ({
      contents: contents[path] ?? "",
      resolveDir: packed.installed,
    }));
  },
});

test("one name of the library bundles under 60 kB without the SDK", async () => {
  const script = "console.log(...Object.keys(await import('streamfold')))";
  const names = node(["--input-type=module", "-e", script], packed.installed).trim().split(" ");
  expect(names.length).toBeGreaterThan(30);
  const bundles = await bundle(Object.fromEntries(names.map((name) => [name, `export { ${name} } from "streamfold"`])));
  const sizes = Object.entries(bundles).map(([name, { bytes }]) => ({ name, bytes }));
  expect(sizes).toHaveLength(names.length);
  sizes.sort((one, other) => other.bytes - one.bytes);
  process.stdout.write(
    `the largest: ${sizes
      .slice(0, 5)
      .map(({ name, bytes }) => `${name} ${bytes}`)
      .join(", ")}\n`,
  );
  expect(sizes.filter(({ bytes }) => bytes >= LIMIT_BYTES)).toEqual([]);
});

test("a face pulls in the clients that it uses and no other", async () => {
  const all = Object.fromEntries(FACES.map((face) => [face, `export * from "${face}"`]));
  const store = 'export { DynamoDBEventStore, handleCommand, load } from "streamfold"';
  const clients = Object.entries(await bundle({ ...all, store })).map(([name, found]) => [
    name,
    found.clients.map((client) => client.slice("@aws-sdk/".length)),
  ]);
  expect(Object.fromEntries(clients)).toEqual({
    streamfold: ["client-dynamodb", "client-dynamodb-streams", "client-eventbridge", "lib-dynamodb", "util-dynamodb"],
    "streamfold/testing": [],
    "streamfold/client": [],
    "streamfold/consumer": ["client-dynamodb", "lib-dynamodb"],
    "streamfold/lambda": ["client-dynamodb", "client-eventbridge", "client-xray", "lib-dynamodb", "util-dynamodb"],
    store: ["client-dynamodb"],
  });
});

describeNewService(() => packed);
describeLoanService(() => packed);
