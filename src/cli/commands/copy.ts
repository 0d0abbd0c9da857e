import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { copyEvents } from "../../operations/index.ts";
import { defineCommand } from "../command.ts";
import { type ClientConfig, localConfig } from "../connect.ts";
import type { Io } from "../io.ts";
import { findStage } from "../stage.ts";

/** Puts every event of one table into another. */
export const copy = defineCommand({
  name: "copy",
  words: ["from", "to"],
  options: {
    "index-shards": {
      kind: "integer",
      hint: "N",
      min: 1,
      max: 100,
      about: "what the stage of TO was deployed with; default 1",
    },
    aws: { kind: "flag", about: "tables on AWS, whatever runs here" },
    "from-region": { kind: "text", hint: "REGION", about: "where FROM is, on AWS; default AWS_REGION" },
    "to-region": { kind: "text", hint: "REGION", about: "where TO is, on AWS; default AWS_REGION" },
  },
  about: "Put every event of one Events table into another, as it is",
  details: `FROM and TO are names of tables. An entity's events go in their order; it can be stopped and run again. An entity of
which TO has another event is left alone from there on, and told at the end.`,
  example: "copy Restored-Events ProductService-Events --aws --index-shards 20",
  run: async ({ words: { from, to }, options }, { stageName, progress, output, io }) => {
    const { aws, "from-region": fromRegion, "to-region": toRegion } = options;
    const isAws = aws || fromRegion !== undefined || toRegion !== undefined;
    const config = isAws ? {} : await configOf(io, stageName);
    const client = (region: string | undefined) =>
      new DynamoDBClient(region === undefined ? config : { ...config, region });
    const source = client(fromRegion);
    const target = toRegion === fromRegion ? source : client(toRegion);
    const { tell, end } = progress({ unit: "events", total: await countOf(source, from) });
    const copied = await copyEvents({
      from: { client: source, table: from },
      to: { client: target, table: to, indexShards: options["index-shards"] ?? 1 },
      onProgress: (soFar) => tell(soFar.copied + soFar.present),
    }).finally(() => {
      end();
      source.destroy();
      target.destroy();
    });
    await output.result(copied, () => `${copied.copied} copied, ${copied.present} were there already`);
    return "done";
  },
});

/** A table that is not there is told by the copy. */
async function countOf(client: DynamoDBClient, TableName: string): Promise<number | undefined> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName })).catch(() => ({ Table: undefined }));
  return Table?.ItemCount;
}

/** Tables have no service: any stage that is named is on AWS. */
async function configOf(io: Io, stage: string | undefined): Promise<ClientConfig> {
  if (io.env.AWS_ENDPOINT_URL_DYNAMODB !== undefined) return {};
  const { local } = await findStage(io, "", stage);
  return local ? localConfig(io, local.engine) : {};
}
