import { defineCommand } from "../command.ts";
import { checkBus } from "../doctor/check-bus.ts";
import { checkClock } from "../doctor/check-clock.ts";
import { checkProtection } from "../doctor/check-protection.ts";
import { checkRights } from "../doctor/check-rights.ts";
import { checkTables } from "../doctor/check-tables.ts";
import { checkVersions } from "../doctor/check-versions.ts";
import type { Check, Finding } from "../doctor/finding.ts";
import { alignedLines } from "../table.ts";

const CHECKS: readonly Check[] = [checkVersions, checkTables, checkProtection, checkBus, checkRights, checkClock];

/** Looks whether a stage is as the service needs it. */
export const doctor = defineCommand({
  name: "doctor",
  words: [],
  options: {},
  about: "Check tables, keys, indexes, stream, bus, rights, versions and the clock",
  details: `Nothing is changed: rights are tried by reads of one item and by writes under a condition that no item meets, a unit
each. \`warn\` is for what a stage with real data should have; exit code 1 when a check fails.`,
  example: "doctor --stage dev",
  run: async (_, { io, service, connect, output }) => {
    const context = { io, service: await service(), connection: await connect() };
    const findings: Finding[] = [];
    for (const check of CHECKS) findings.push(...(await check(context)));
    const count = (result: Finding["result"]): number => findings.filter((one) => one.result === result).length;
    await output.result({ findings }, () => [
      ...alignedLines(findings.map(({ result, check, found }) => [result, check, found])),
      "",
      `${count("fail")} failed, ${count("warn")} warnings, ${count("ok")} ok`,
    ]);
    return count("fail") > 0 ? "problem" : "done";
  },
});
