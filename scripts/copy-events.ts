import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Copied, copyEvents } from "../src/event-store/index.ts";

const USAGE = `usage: npm run copy-events -- FROM TO [--index-shards N] [--from-region R] [--to-region R]

  FROM, TO          names of two Events tables; credentials from your environment
  --index-shards N  what the stage of TO was deployed with (default 1)

Puts every event of FROM into TO as it is, an entity's in their order. Can be stopped and run again.`;

const text = ({ copied, present }: Copied): string => `${copied} copied, ${present} were there already`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      "index-shards": { type: "string", default: "1" },
      "from-region": { type: "string" },
      "to-region": { type: "string" },
    },
  });
  const [from, to, ...rest] = positionals;
  if (from === undefined || to === undefined || rest.length > 0) throw new Error(USAGE);
  const indexShards = Number(values["index-shards"]);
  if (!Number.isInteger(indexShards) || indexShards < 1 || indexShards > 100)
    throw new Error(`--index-shards: expected a whole number from 1 to 100, got ${values["index-shards"]}`);
  const connect = (region: string | undefined) => new DynamoDBClient(region === undefined ? {} : { region });
  const result = await copyEvents({
    from: { client: connect(values["from-region"]), table: from },
    to: { client: connect(values["to-region"]), table: to, indexShards },
    onProgress: (soFar) => process.stderr.write(`\r${text(soFar)}`),
  });
  process.stderr.write("\r");
  console.log(text(result));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
