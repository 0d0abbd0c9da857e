import { messageOf } from "../../event-store/index.ts";
import { checkBusExists } from "../../publisher/index.ts";
import { type Check, fail, ok } from "./finding.ts";

export const checkBus: Check = async ({ connection: { eventBridge, names } }) => [
  await checkBusExists(eventBridge, names.bus).then(
    () => ok(`bus ${names.bus}`, "it exists"),
    (error: unknown) => fail(`bus ${names.bus}`, messageOf(error)),
  ),
];
