import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { messageOf } from "../../event-store/index.ts";
import { type Check, type Finding, ok, warn } from "./finding.ts";

/** What a table with real data should have: point-in-time recovery, deletion protection, and time to live for old snapshots. */
export const checkProtection: Check = async ({ connection: { client, names, stage } }) => {
  const timeToLive = await orWarn(`time to live of ${names.snapshots}`, async (check) => {
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: names.snapshots }));
    const { TimeToLiveStatus = "DISABLED", AttributeName } = TimeToLiveDescription ?? {};
    const isOn = TimeToLiveStatus.startsWith("ENABL") && AttributeName === "expiresAt";
    return isOn ? ok(check, "by expiresAt") : warn(check, "it is off: old snapshots are kept and paid for");
  });
  if (stage.local) return [timeToLive, ok("protection", "of a local run nothing is asked")];
  const tables = [names.events, names.readModels];
  const recovery = tables.map((TableName) =>
    orWarn(`point-in-time recovery of ${TableName}`, async (check) => {
      const { ContinuousBackupsDescription } = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
      const status = ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
      return status === "ENABLED" ? ok(check, "on") : warn(check, "it is off: events that are lost are lost");
    }),
  );
  const deletion = tables.map((TableName) =>
    orWarn(`deletion protection of ${TableName}`, async (check) => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      return Table?.DeletionProtectionEnabled ? ok(check, "on") : warn(check, "it is off");
    }),
  );
  return [timeToLive, ...(await Promise.all([...recovery, ...deletion]))];
};

const orWarn = (check: string, look: (check: string) => Promise<Finding>): Promise<Finding> =>
  look(check).catch((error: unknown) => warn(check, `it could not be looked up: ${messageOf(error)}`));
