import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { RegoEngine, TemplateFile } from "@aws/cloudformation-validate";
import { checkTemplate } from "./package/check-template.ts";
import type { Finding, Template } from "./package/template.ts";

/** Findings of AWS's validator that are passed over: the rule, the resources it may be about, and the reason. */
const EXCLUDED: readonly { readonly rule: string; readonly about: RegExp; readonly reason: string }[] = [
  {
    rule: "W3005",
    about: /./,
    reason: "the framework writes a DependsOn beside a reference; it is redundant, not wrong",
  },
  {
    rule: "W9003",
    about: /./,
    reason: "a parameter from the command line is a text; CloudFormation takes it for the number it is",
  },
  {
    rule: "W9013",
    about: /./,
    reason: "a key or a certificate is named by whoever deploys, and a key may be another account's",
  },
];

const isExcluded = (ruleId: string, resource: string): boolean =>
  EXCLUDED.some(({ rule, about }) => rule === ruleId && about.test(resource));

/** Every option of serverless.yml that adds something, at once. */
export const ALL_OPTIONS: Readonly<Record<string, string>> = {
  authorizer: "jwt",
  jwtIssuer: "https://login.example.org/",
  billing: "provisioned",
  certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
  contributorInsights: "on",
  corsOrigins: "https://shop.example.org,https://admin.example.org",
  domainName: "api.example.org",
  indexShards: "8",
  kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
  operations: "on",
  operators: "audit",
  parallelizationFactor: "4",
  tracing: "on",
};

/** Packages the service without network or credentials. Answers with the template's path. */
export function packageService(folder: string, params: Readonly<Record<string, string>> = {}, stage = "dev"): string {
  const given = Object.entries(params).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  const args = [
    "node_modules/serverless/bin/serverless.js",
    "package",
    "--stage",
    stage,
    "--package",
    folder,
    ...given,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`serverless package ended with ${status}:\n${stdout}\n${stderr}`);
  return `${folder}/cloudformation-template-update-stack.json`;
}

export const readTemplate = (path: string): Template => JSON.parse(readFileSync(path, "utf8")) as Template;

/** Findings of AWS's own validator. */
export function validateTemplate(path: string): Finding[] {
  const engine = new RegoEngine();
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(path), { severityLevel: "WARN" });
    return diagnostics.flatMap(({ ruleId, entity, message }) => {
      const resource = (entity as { logicalId?: string } | undefined)?.logicalId ?? "template";
      return isExcluded(ruleId, resource) ? [] : [{ resource: `${resource} ${ruleId}`, message }];
    });
  } finally {
    engine.free();
  }
}

const USAGE = `usage: npm run package -- [--stage NAME] [--param NAME=VALUE ...]

Packages a stage as it would be deployed, and checks it. Without --param also with every option on.`;

function read(): { readonly stage: string; readonly params: Readonly<Record<string, string>> } {
  const options = {
    stage: { type: "string", default: "dev" },
    param: { type: "string", multiple: true, default: [] as string[] },
  } as const;
  const { stage, param } = parseArgs({ options }).values;
  const pairs = param.map((one): [string, string] => {
    const place = one.indexOf("=");
    if (place < 1) throw new Error(`--param: expected NAME=VALUE, got ${one}`);
    return [one.slice(0, place), one.slice(place + 1)];
  });
  return { stage, params: Object.fromEntries(pairs) };
}

function main(): void {
  const { stage, params } = read();
  const isPlain = Object.keys(params).length === 0;
  const variants = isPlain ? { " with every option": ALL_OPTIONS, "": {} } : { "": params };
  for (const [name, chosen] of Object.entries(variants)) {
    const path = packageService(".serverless", chosen, stage);
    const findings = [...validateTemplate(path), ...checkTemplate(readTemplate(path))];
    for (const { resource, message } of findings) console.error(`${resource}: ${message}`);
    console.log(
      `${stage}${name}: ${findings.length === 0 ? "nothing found" : `${findings.length} findings`} in ${path}`,
    );
    if (findings.length > 0) process.exitCode = 1;
  }
}

/** What the framework said, without what it says about itself. */
function messageOf(error: unknown): string {
  const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim();
  return said === "" ? `${message}\n\n${USAGE}` : said;
}

if (process.argv[1]?.endsWith("package.ts")) {
  try {
    main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 2;
  }
}
