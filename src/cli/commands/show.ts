import { collect, type StoredEvent } from "../../event-store/index.ts";
import { type EntityDetail, type EntityState, readEntity, readEntityState } from "../../operations/index.ts";
import { defineCommand } from "../command.ts";
import { tableLines } from "../table.ts";

/** Prints what there is of one entity. */
export const show = defineCommand({
  name: "show",
  words: ["entity"],
  options: {
    at: { kind: "integer", hint: "N", min: 1, about: "the state after event N; default: the newest" },
    events: { kind: "integer", hint: "N", min: 0, about: "print so many events, up to that one; default 20" },
  },
  about: "Print an entity: its state, events, snapshots, rows and how far each reader is",
  example: "show p-1 --at 7",
  run: async ({ words: { entity }, options: { at, events: limit = 20 } }, { connect, output }) => {
    const connection = await connect();
    const [detail, state] = await Promise.all([
      readEntity(connection, entity),
      readEntityState(connection, entity, at),
    ]);
    if (!detail) throw new Error(`there is no entity ${entity}`);
    if (at !== undefined && at > detail.version) throw new Error(`${entity} is at version ${detail.version}`);
    const toSequence = at ?? detail.version;
    const newest = { toSequence, direction: "backward", limit } as const;
    const events =
      limit === 0 ? [] : (await collect(connection.store.readEvents(entity, newest), (one) => one)).reverse();
    await output.result({ ...detail, ...state, head: detail.version, events }, () => textOf(detail, state, events));
    return "done";
  },
});

function textOf(detail: EntityDetail, state: EntityState | undefined, events: readonly StoredEvent[]): string[] {
  const { entityId, aggregateType, version, snapshots, readModels, published, isPublisherParked } = detail;
  const versions = snapshots.map((one) => `${one.version}${one.isCurrent ? "" : " (of other code, ignored)"}`);
  return [
    `${entityId}: a ${aggregateType} at version ${version}`,
    `snapshots: ${versions.join(", ") || "none"}`,
    `on the bus: ${isPublisherParked ? "parked behind" : "up to"} ${published} of ${version}`,
    "",
    ...(state
      ? [`state at version ${state.version}:`, JSON.stringify(state.state, null, 2)]
      : [`the service declares no aggregate ${aggregateType}, so there is no state`]),
    "",
    ...eventLines(events),
    "",
    ...tableLines(
      readModels.map(({ projection, generation, checkpoint, isParked, rows }) => ({
        projection,
        generation,
        checkpoint,
        parked: isParked ? "yes" : "no",
        rows: rows.map((row) => JSON.stringify(row)).join(" ") || "-",
      })),
    ),
  ];
}

const eventLines = (events: readonly StoredEvent[]): string[] =>
  tableLines(
    events.map(({ sequenceNumber, eventTime, eventType, userId, eventData }) => ({
      event: sequenceNumber,
      time: eventTime,
      type: eventType,
      user: userId,
      data: eventData,
    })),
  );
