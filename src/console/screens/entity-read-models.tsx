import { Cell } from "../cell.tsx";
import type { EntityReadModel, Json, JsonFields } from "../contract.ts";
import { plural } from "../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { columnsOf } from "../key-order.ts";
import { projectionHref } from "../router.ts";
import { RowsTable } from "../rows-table.tsx";
import { fieldsOfAggregates, projections } from "../service.ts";
import type { EntityModel } from "./entity-model.ts";

/** Its rows in every read model, and how far each has read it. */
export function ReadModels({ entity }: { readonly entity: EntityModel }) {
  const readModels = entity.detail.data.value?.readModels ?? [];
  return (
    <section aria-labelledby="read-models">
      <h2 id="read-models">In the read models</h2>
      <div class="cards">
        {readModels.map((readModel) => (
          <article class="card" key={readModel.projection}>
            <header class="card-head">
              <h3>
                <a href={projectionHref(readModel.projection)}>{readModel.projection}</a>
              </h3>
              <Checkpoint readModel={readModel} version={entity.version.value} />
            </header>
            <RowsOf readModel={readModel} entityId={entity.entityId} />
          </article>
        ))}
      </div>
    </section>
  );
}

function Checkpoint({ readModel, version }: { readonly readModel: EntityReadModel; readonly version: number }) {
  const { checkpoint, isParked, generation } = readModel;
  const behind = Math.max(0, version - checkpoint);
  return (
    <p class="checkpoint">
      {isParked ? (
        <a class="badge bad" href={projectionHref(readModel.projection)}>
          parked at {checkpoint + 1}
        </a>
      ) : (
        <span class={behind === 0 ? "badge good" : "badge"}>
          {behind === 0 ? "up to date" : `${plural(behind, "event")} behind`}
        </span>
      )}
      <span class="muted">
        read up to {checkpoint}
        {generation !== undefined && `, generation ${generation}`}
      </span>
    </p>
  );
}

function RowsOf({ readModel, entityId }: { readonly readModel: EntityReadModel; readonly entityId: string }) {
  const { projection, kind, rows } = readModel;
  const from = projections.value.find((one) => one.projection === projection)?.from ?? {};
  const schema = fieldsOfAggregates(Object.keys(from));
  if (kind === "rows-across-entities")
    return <p class="muted">Its rows are of many entities. Browse them with the projection.</p>;
  if (rows.length === 0) return <p class="muted">It has no row of this entity.</p>;
  if (rows.length === 1) return <JsonTree value={rows[0] as Json} schema={schema} />;
  // Its own id is in every row.
  const columns = columnsOf(rows as Json[], schema).filter((column) =>
    rows.some((row) => (row as JsonFields)[column] !== entityId),
  );
  return (
    <RowsTable
      label={`Rows in ${projection}`}
      columns={columns}
      rows={rows.map((row, key) => ({ key, row: row as JsonFields }))}
      cell={(column, row) => <Cell value={row[column]} />}
    />
  );
}
