import type { Command } from "./command.ts";
import { addAggregate, addProjection } from "./commands/add.ts";
import { consoleCommand } from "./commands/console.ts";
import { copy } from "./commands/copy.ts";
import { cost } from "./commands/cost.ts";
import { doctor } from "./commands/doctor.ts";
import { drop } from "./commands/drop.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { init } from "./commands/init.ts";
import { parkedList, parkedRetry, parkedShow, parkedSkip } from "./commands/parked.ts";
import { projections } from "./commands/projections.ts";
import { publish, publishMark, publishStatus } from "./commands/publish.ts";
import { rebuild } from "./commands/rebuild.ts";
import { rollback } from "./commands/rollback.ts";
import { send } from "./commands/send.ts";
import { show } from "./commands/show.ts";
import { snapshotsSweep } from "./commands/snapshots.ts";
import { tail } from "./commands/tail.ts";
import { verify } from "./commands/verify.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  tail,
  show,
  send,
  projections,
  rebuild,
  rollback,
  drop,
  verify,
  parkedList,
  parkedShow,
  parkedRetry,
  parkedSkip,
  snapshotsSweep,
  publish,
  publishStatus,
  publishMark,
  importCommand,
  exportCommand,
  copy,
  cost,
  doctor,
  consoleCommand,
  init,
  addAggregate,
  addProjection,
];
