import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AnyAggregateDefinition } from "../../definition/aggregate.ts";
import type { ServiceDefinition } from "../../definition/index.ts";
import { schemaOf } from "../../event-store/index.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { namesOf } from "../names.ts";
import { suggestion } from "../nearest.ts";
import { sampleOf } from "../sample.ts";
import { type NewFile, readTemplate, writeNew } from "../template-files.ts";
import { aggregateValues } from "./init.ts";

/** Writes the next aggregate of a service. */
export const addAggregate = defineCommand({
  name: "add aggregate",
  words: ["name"],
  options: {},
  about: "Write the next aggregate with its test",
  details: `Into src/aggregates/ and test/ of the nearest package.json. It overwrites nothing, and tells what belongs into the service.`,
  example: "add aggregate invoice",
  run: async ({ words: { name } }, context) => {
    const { file, value, values } = namesOf(name);
    const files = readTemplate("aggregate", aggregateValues(name));
    return write(context, files, [
      `import { ${value} } from "./aggregates/${file}.ts";`,
      `aggregates: { …, ${values === value ? value : `${values}: ${value}`} },`,
    ]);
  },
});

/** Writes the next read model of a service. */
export const addProjection = defineCommand({
  name: "add projection",
  words: ["name"],
  options: {
    of: { kind: "text", hint: "AGGREGATE", about: "whose events it takes; default the only one of the service" },
  },
  about: "Write the next projection with its test",
  details: `A row for each entity of the aggregate, which src/aggregates/ has under its name. Into src/projections/ and test/ of
the nearest package.json. It overwrites nothing, and tells what belongs into the service.`,
  example: "add projection invoice-list --of Invoice",
  run: async ({ words: { name }, options: { of } }, context) => {
    const { file, value } = namesOf(name);
    const service = await context.service();
    const aggregate = findAggregate(service, of);
    const from = namesOf(aggregate.aggregateType);
    const source = `src/aggregates/${from.file}.ts`;
    if (!existsSync(join(serviceFolder(context), source)))
      throw new UsageError(`expected the aggregate ${aggregate.aggregateType} in ${source}, and there is no such file`);
    const events = Object.keys(aggregate.events);
    const [event = ""] = events;
    const schema = schemaOf(service.eventTypes, aggregate.aggregateType, event);
    const data = schema === undefined ? {} : await sampleOf(schema);
    const files = readTemplate("projection", {
      file,
      name: value,
      of: from.value,
      Of: aggregate.aggregateType,
      ofFile: from.file,
      handlers: events.join(": changed,\n    "),
      event,
      data: JSON.stringify(data ?? {}, null, 2).replaceAll("\n", "\n    "),
    });
    if (data === undefined)
      context.output.note(`complete the eventData in test/${file}.test.ts: its schema refuses what was made up`);
    return write(context, files, [
      `import { ${value} } from "./projections/${file}.ts";`,
      `projections: […, ${value}],`,
      `over events that are there already: npx streamfold rebuild ${file}`,
    ]);
  },
});

function findAggregate(service: ServiceDefinition, type: string | undefined): AnyAggregateDefinition {
  const aggregates: readonly AnyAggregateDefinition[] = Object.values(service.aggregates);
  const types = aggregates.map(({ aggregateType }) => aggregateType);
  const [only, ...others] = aggregates;
  if (type === undefined && only && others.length === 0) return only;
  const found = aggregates.find(({ aggregateType }) => aggregateType === type);
  if (found) return found;
  if (type === undefined) throw new UsageError(`--of: expected one of ${types.join(", ")}`);
  throw new UsageError(`there is no aggregate ${type} in ${service.name}${suggestion(type, types)}`);
}

/** Files first, so that a refusal leaves no advice behind. */
async function write(context: CommandContext, files: readonly NewFile[], advice: readonly string[]): Promise<"done"> {
  const folder = serviceFolder(context);
  writeNew(folder, files);
  const paths = files.map(({ path }) => path);
  await context.output.result(
    { folder, files: paths },
    () => `${paths.join(", ")}\nin the service:\n${advice.map((line) => `  ${line}`).join("\n")}`,
  );
  return "done";
}

/** Where the nearest package.json is. @throws {UsageError} */
function serviceFolder({ io: { folder } }: CommandContext): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return at;
    if (dirname(at) === at) throw new UsageError(`there is no package.json in ${folder} or above`);
  }
}
