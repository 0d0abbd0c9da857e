import { checkAlarms } from "./check-alarms.ts";
import { checkApi } from "./check-api.ts";
import { checkData } from "./check-data.ts";
import { checkFailures } from "./check-failures.ts";
import { checkRights } from "./check-rights.ts";
import type { Finding, Template } from "./template.ts";

/** What an operator would not sign: rights too wide, unprotected data, failures that nobody keeps or sees, open routes. */
export function checkTemplate(template: Template): Finding[] {
  return [checkRights, checkData, checkFailures, checkApi, checkAlarms].flatMap((check) => check(template));
}
