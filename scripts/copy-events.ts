import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Copied, copyEvents } from "../src/operations/index.ts";
import { useLocalService } from "./local-service.ts";

const USAGE = `usage: npm run copy-events -- FROM TO [--index-shards N] [--aws] [--from-region R] [--to-region R]

  FROM, TO          names of two Events tables; of the service that runs on this machine, or on AWS with your
                    credentials and --aws
  --aws             on AWS, whatever runs here
  --index-shards N  what the stage of TO was deployed with (default 1)

Puts every event of FROM into TO as it is, an entity's in their order. Can be stopped and run again.`;

const text = ({ copied, present }: Copied): string => `${copied} copied, ${present} were there already`;

interface Given {
  readonly from: string;
  readonly to: string;
  readonly indexShards: number;
  readonly isAws: boolean;
  readonly fromRegion: string | undefined;
  readonly toRegion: string | undefined;
}

/** @throws with the usage for what is not known */
function read(): Given {
  const options = {
    "index-shards": { type: "string", default: "1" },
    "from-region": { type: "string" },
    "to-region": { type: "string" },
    aws: { type: "boolean", default: false },
  } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [from, to, ...rest] = positionals;
  if (from === undefined || to === undefined || rest.length > 0) throw new Error("expected FROM and TO");
  const indexShards = Number(values["index-shards"]);
  if (!Number.isInteger(indexShards) || indexShards < 1 || indexShards > 100)
    throw new Error(`--index-shards: expected an integer from 1 to 100, got ${values["index-shards"]}`);
  const isAws = values.aws || values["from-region"] !== undefined || values["to-region"] !== undefined;
  return { from, to, indexShards, isAws, fromRegion: values["from-region"], toRegion: values["to-region"] };
}

async function copy({ from, to, indexShards, isAws, fromRegion, toRegion }: Given): Promise<void> {
  if (!isAws && process.env.AWS_ENDPOINT_URL_DYNAMODB === undefined)
    await useLocalService("for tables on AWS add --aws");
  const isTerminal = process.stderr.isTTY;
  const connect = (region: string | undefined) => new DynamoDBClient(region === undefined ? {} : { region });
  const source = connect(fromRegion);
  const result = await copyEvents({
    from: { client: source, table: from },
    to: { client: toRegion === fromRegion ? source : connect(toRegion), table: to, indexShards },
    onProgress: (soFar) => isTerminal && process.stderr.write(`\r${text(soFar)} `),
  }).finally(() => isTerminal && process.stderr.write("\n"));
  console.log(text(result));
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === "Region is missing"
    ? `${message}: set AWS_REGION, or pass --from-region and --to-region`
    : message;
}

try {
  const given = read();
  await copy(given).catch((error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  });
} catch (error) {
  console.error(`${messageOf(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
