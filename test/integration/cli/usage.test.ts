import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import pLimit from "p-limit";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { run } from "./command-line.ts";
import { call } from "./test-io.ts";

const folder = mkdtempSync(join(tmpdir(), "streamfold-usage-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ENV = { STREAMFOLD_DATA: folder };
/** No more processes at a time than a small machine has room for. */
const limit = pLimit(2);

/** It serves until it is interrupted, and has tests of its own. */
const CONSOLE = "console";

/** Every command with input that it does not take, and what it says. */
const BAD: readonly (readonly [args: string, message: string])[] = [
  ["tail --user", "tail: --user: expected ID, got nothing"],
  ["tail --type PriceUpdate", "there is no event type PriceUpdate; did you mean PriceUpdated?"],
  ["show", "show: expected ENTITY, got nothing"],
  ["show p-1 --at zero", "show: --at: expected an integer of at least 1, got zero"],
  ["send ChangePrise p-1", "there is no command of the service ChangePrise; did you mean ChangePrice?"],
  ["projections now", "projections: expected no more words, got now"],
  ["rebuild product-catalogue", "there is no projection product-catalogue; did you mean product-catalog?"],
  ["rollback", "rollback: expected PROJECTION, got nothing"],
  ["drop product-catalog first --yes", "GENERATION: expected an integer of at least 1, got first"],
  ["verify --al", "verify: there is no option --al; did you mean --all?"],
  ["parked list publishers", "there is no projection publishers; did you mean publisher?"],
  ["parked show publisher", "parked show: expected PROJECTION ENTITY, got publisher"],
  ["parked retry product-catalog tea --yes", "parked retry: --yes is for commands that ask"],
  ["parked skip catalog tea --yes", "there is no projection catalog; there are product-catalog"],
  ["snapshots sweep Produkt", "there is no aggregate Produkt; did you mean Product?"],
  ["publish", "expected --missing or --from TIME"],
  ["publish --from yesterday --yes", "publish: --from: expected an ISO 8601 time"],
  ["publish status --json=yes", "publish status: --json: takes no value, got yes"],
  ["publish mark all --yes", "publish mark: expected no more words, got all"],
  ["import nowhere.jsonl", "there is no file"],
  ["export a b", "export: expected [FILE], got a b"],
  ["copy A-Events", "copy: expected FROM TO, got A-Events"],
  ["copy A-Events B-Events --index-shards many", "copy: --index-shards: expected an integer from 1 to 100, got many"],
  ["cost --yes --yes", "cost: --yes was given twice"],
  ["console --url nonsense", "--url: expected the address of an API, got nonsense"],
  ["init Bad/Name", "NAME: expected 2 to 36 small letters, digits and dashes"],
  ["add aggregate 1x", "NAME: expected words such as credit-note, got 1x"],
  ["add projection", "add projection: expected NAME, got nothing"],
  ["doctor --stage ../x", "--stage: expected the name of a stage, such as dev, got ../x"],
];

test("every command refuses what it does not take, as a process, with exit code 2", async () => {
  const untried = COMMANDS.filter(({ name }) => !BAD.some(([args]) => `${args} `.startsWith(`${name} `)));
  expect(untried.map(({ name }) => name)).toEqual([]);
  const ended = await Promise.all(BAD.map(([args]) => limit(() => run(args, { env: ENV }))));
  for (const [index, [, message]] of BAD.entries()) {
    expect(ended[index]).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
    expect(ended[index]?.err).toMatch(/\nstreamfold .* --help says how to use it\.\n$/);
  }
});

test.each([
  ["", "expected a command"],
  ["prjections", "there is no command prjections; did you mean projections?"],
  ["statsu", "there is no command statsu"],
  ["parked", "expected parked list, parked show, parked retry, parked skip\n"],
  ["parked lst", "did you mean parked list?"],
  ["publish stauts", "publish: expected no more words, got stauts"],
  ["constructor", "there is no command constructor"],
])("'%s' is no command", async (args, message) => {
  expect(await call(args)).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
});

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  "'%s --help' has its options and an example",
  async (name, command) => {
    const { code, out } = await call(`${name} --help`);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: streamfold ${name}`);
    expect(out).toContain(`Example:\n  streamfold ${command.example}`);
    for (const option of Object.keys(command.options)) expect(out).toContain(`  --${option}`);
    expect(out.includes("--yes")).toBe(Boolean(command.asks ?? command.mayAsk));
  },
);

test("the examples are calls that the commands take", async () => {
  for (const { name, example } of COMMANDS) {
    // Those write into the folder that they are called in, and are tried in write-files.test.ts.
    if (name === CONSOLE || /^(init|add )/.test(name)) continue;
    const words = (example.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
    // No service runs here, nor is there the table or the file that an example names.
    const local = words.filter((word) => word !== "--aws" && word !== "--stage" && word !== "dev");
    const { code, err } = await call(local, { env: ENV, answer: "y" });
    const isFile = example.startsWith("import");
    expect([example, code, err]).toEqual([
      example,
      isFile ? 2 : 3,
      expect.stringContaining(isFile ? "there is no file" : "no service"),
    ]);
  }
});

test("--help lists every command and the exit codes", async () => {
  for (const args of ["--help", "help", "-h"]) {
    const { code, out } = await call(args);
    expect(code).toBe(0);
    for (const { name, about } of COMMANDS) expect(out).toMatch(new RegExp(`  ${name} .*${about.slice(0, 20)}`));
    expect(out).toContain("Exit codes: 0 done; 1 failed");
  }
});

test.each([
  ["rollback product-catalog", "Readers of product-catalog are served the generation before"],
  ["drop product-catalog 1", "All rows of generation 1 of product-catalog are removed."],
  ["parked skip publisher tea", "The event that publisher waits at is never taken for tea."],
  ["publish mark", "What is stored by now and is not on the bus is never published."],
  ["publish --from 2026-01-31", "All events since 2026-01-31 go on the bus"],
])("'%s' does nothing where nobody can be asked, and where the answer is no", async (args, message) => {
  const refused = await call(args, { env: ENV });
  expect(refused).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
  expect(refused.err).toContain("--yes");
  expect(await call(args, { env: ENV, answer: "n" })).toEqual({
    code: 1,
    out: "",
    err: expect.stringMatching(/Go on\? \(y\/N\) nothing was done\n$/),
  });
  // Asked and answered, it goes on to look for the service.
  expect((await call(args, { env: ENV, answer: "yes" })).code).toBe(3);
});

test("where no service runs, and where one ended without a word, the exit code is 3", async () => {
  rmSync(join(folder, "run.json"), { force: true });
  const none = await run("projections", { env: ENV });
  expect(none).toEqual({
    code: 3,
    out: "",
    err: expect.stringMatching(/no service is running here.*npm start.*--stage NAME/),
  });
  const ended = { pid: 2 ** 22 - 1, bus: "http://127.0.0.1:9", engine: "http://127.0.0.1:9" };
  writeFileSync(join(folder, "run.json"), JSON.stringify(ended));
  expect((await call("projections", { env: ENV })).err).toMatch(/ended without a word; start it with "npm start"/);
  writeFileSync(join(folder, "run.json"), "{");
  expect((await call("projections", { env: ENV })).err).toMatch(/run.json is damaged .*delete it/);
  rmSync(join(folder, "run.json"));
});

test("with --json an error is JSON too", async () => {
  const { code, out, err } = await run("rebuild product-catalo --json", { env: ENV });
  expect([code, out]).toEqual([2, ""]);
  expect(JSON.parse(err)).toEqual({
    error: { message: "there is no projection product-catalo; did you mean product-catalog?", exitCode: 2 },
  });
});

test.each([
  ["nonsense", "--service: expected FILE#EXPORT, got nonsense"],
  ["src/nowhere.ts#x", "there is no file"],
  ["src/product/service.ts#produktService", "has no export produktService; did you mean productService?"],
  ["src/product/money.ts#money", "exports money, which defineService did not make"],
])("a service that is not there is told: %s", async (reference, message) => {
  expect(await call(`projections --service ${reference}`)).toEqual({
    code: 2,
    out: "",
    err: expect.stringContaining(message),
  });
});

test("without a service anywhere it says where to put it", async () => {
  const { code, err } = await call("projections", { folder });
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('Put "streamfold": { "service": "src/service.ts#myService" }'),
  ]);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ streamfold: { service: 1 } }));
  expect((await call("projections", { folder })).err).toContain("streamfold.service: expected FILE#EXPORT, got 1");
});

test("a number of shards that is none is named", async () => {
  expect((await call("projections", { env: { TABLE_PREFIX: "X", INDEX_SHARDS: "many" } })).err).toContain(
    "INDEX_SHARDS: expected an integer from 1 to 100, got many",
  );
  expect((await call("projections", { env: { TABLE_PREFIX: "X", BUS_MAX_BYTES: "none" } })).err).toContain(
    "BUS_MAX_BYTES",
  );
});
