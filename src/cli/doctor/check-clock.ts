import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { messageOf } from "../../event-store/index.ts";
import { type Check, fail, ok, warn } from "./finding.ts";

const CHECK = "clock of this machine";

/** Holds this machine's clock against the date of DynamoDB's answer. */
export const checkClock: Check = async ({ connection: { clientConfig }, io }) => {
  const client = new DynamoDBClient(clientConfig);
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      date = headers?.date;
      return result;
    },
    { step: "deserialize", name: "noteDate" },
  );
  const before = io.clock().getTime();
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }));
  } catch (error) {
    return [warn(CHECK, `it could not be compared: ${messageOf(error)}`)];
  } finally {
    client.destroy();
  }
  const now = (before + io.clock().getTime()) / 2;
  if (date === undefined) return [ok(CHECK, "the endpoint's answer has no date to compare with")];
  return [findingOf((now - Date.parse(date)) / 1_000)];
};

/** @param seconds by which this clock is ahead; the date has whole seconds */
export function findingOf(seconds: number): ReturnType<typeof ok> {
  const apart = Math.round(Math.abs(seconds));
  const text = `${apart} s ${seconds < 0 ? "behind" : "ahead of"} DynamoDB`;
  if (apart >= REFUSED_S) return fail(CHECK, `${text}: requests are refused, and events would be out of order`);
  return apart >= WARNED_S ? warn(CHECK, `${text}: events of several machines come out of order`) : ok(CHECK, text);
}

/** Seconds. A signature is refused from here on; the store follows a time that is ahead up to here. */
const REFUSED_S = 5 * 60;
const WARNED_S = 5;
