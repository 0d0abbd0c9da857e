import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
    rule: "W3011",
    about: /^\w+LambdaVersion\w+$/,
    reason: "the framework's function versions carry one policy of the two; they hold no data",
  },
];

const isExcluded = (ruleId: string, resource: string): boolean =>
  EXCLUDED.some(({ rule, about }) => rule === ruleId && about.test(resource));

/** Every option of serverless.yml that adds something, at once. */
export const ALL_OPTIONS: Readonly<Record<string, string>> = {
  authorizer: "jwt",
  billing: "provisioned",
  contributorInsights: "on",
  indexShards: "8",
  parallelizationFactor: "4",
  tracing: "on",
};

/** Packages the service without network or credentials. Answers with the template's path. */
export function packageService(folder: string, params: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(params).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  const args = [
    "node_modules/serverless/bin/serverless.js",
    "package",
    "--stage",
    "dev",
    "--package",
    folder,
    ...given,
  ];
  execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
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

function main(): void {
  const variants = { " with every option": ALL_OPTIONS, "": {} };
  for (const [name, params] of Object.entries(variants)) {
    const path = packageService(".serverless", params);
    const findings = [...validateTemplate(path), ...checkTemplate(readTemplate(path))];
    for (const { resource, message } of findings) console.error(`${resource}: ${message}`);
    console.log(`${path}${name}: ${findings.length === 0 ? "nothing found" : `${findings.length} findings`}`);
    if (findings.length > 0) process.exitCode = 1;
  }
}

if (process.argv[1]?.endsWith("package.ts")) main();
