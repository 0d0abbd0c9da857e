import { useEffect, useMemo } from "preact/hooks";
import { Cell } from "../cell.tsx";
import type { Json, JsonFields, ProjectionDescription } from "../contract.ts";
import { plural } from "../format.ts";
import { columnsOf } from "../key-order.ts";
import { Empty, Failed } from "../notice.tsx";
import { adjust, entityHref, route } from "../router.ts";
import { RowsTable } from "../rows-table.tsx";
import { fieldsOfAggregates } from "../service.ts";
import { type RowsChoice, RowsPages } from "./rows-pages.ts";

/** The rows of a read model, as the table has them or by one of its lists. */
export function Rows({ projection }: { readonly projection: ProjectionDescription }) {
  const { projection: name, from } = projection;
  const { list = "", partition = "", order } = route.value.query;
  const choice: RowsChoice = { list, partition, order: order === "descending" ? "descending" : "ascending" };
  const key = JSON.stringify(choice);
  const pages = useMemo(() => new RowsPages(name, choice), [name, key]);
  useEffect(() => {
    if (pages.rows.peek().length === 0) void pages.fetchMore();
  }, [pages]);
  return (
    <section aria-labelledby="rows">
      <header class="section-head">
        <h2 id="rows">Rows</h2>
        <Choices projection={projection} choice={choice} again={() => void pages.refresh()} />
      </header>
      {pages.error.value && <Failed error={pages.error.value} again={() => void pages.fetchMore()} />}
      {list !== "" && partition === "" ? (
        <Partitions pages={pages} />
      ) : (
        <RowTable pages={pages} types={Object.keys(from)} />
      )}
    </section>
  );
}

interface ChoicesProps {
  readonly projection: ProjectionDescription;
  readonly choice: RowsChoice;
  readonly again: () => void;
}

function Choices({ projection: { lists }, choice: { list, partition, order }, again }: ChoicesProps) {
  return (
    <div class="buttons">
      {lists.length > 0 && (
        <select
          aria-label="List"
          value={list}
          onChange={(event) => adjust({ list: event.currentTarget.value, partition: undefined })}
        >
          <option value="">As the table has them</option>
          {lists.map((name) => (
            <option key={name} value={name}>
              List {name}
            </option>
          ))}
        </select>
      )}
      {list !== "" && partition !== "" && (
        <>
          <button type="button" class="button" onClick={() => adjust({ partition: undefined })}>
            Partition {partition}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => adjust({ order: order === "ascending" ? "descending" : undefined })}
          >
            {order === "ascending" ? "Ascending" : "Descending"}
          </button>
        </>
      )}
      <button type="button" class="button" onClick={again}>
        Read again
      </button>
    </div>
  );
}

function Partitions({ pages }: { readonly pages: RowsPages }) {
  const partitions = pages.partitions.value;
  if (!partitions) return <p class="muted">Looking for partitions…</p>;
  if (partitions.length === 0) return <Empty title="No row stands in this list" />;
  return (
    <div class="card">
      <p class="muted">Choose a partition of the list:</p>
      <div class="buttons">
        {partitions.map((partition) => (
          <button key={partition} type="button" class="button" onClick={() => adjust({ partition })}>
            {partition}
          </button>
        ))}
      </div>
    </div>
  );
}

function RowTable({ pages, types }: { readonly pages: RowsPages; readonly types: readonly string[] }) {
  const rows = pages.rows.value;
  const columns = useMemo(
    () =>
      columnsOf(
        rows.map(({ row }) => row as Json),
        fieldsOfAggregates(types),
      ),
    [rows, types],
  );
  if (rows.length === 0)
    return pages.isFetching.value ? (
      <p class="muted">Reading rows…</p>
    ) : (
      <Empty title="There are no rows yet">Rows appear when events are appended that this projection takes.</Empty>
    );
  return (
    <>
      <RowsTable
        label="Rows of the projection"
        classes="card table-card"
        columns={columns}
        rows={rows.map(({ key, row }, index) => ({ key: key ?? index, row: Object(row) as JsonFields }))}
        cell={(column, row) => <ColumnCell column={column} row={row} />}
      />
      <footer class="list-end">
        <span class="muted">{plural(rows.length, "row")}</span>
        {pages.hasMore.value && (
          <button type="button" class="button" disabled={pages.isFetching.value} onClick={() => void pages.fetchMore()}>
            {pages.isFetching.value ? "Reading…" : "Show more rows"}
          </button>
        )}
      </footer>
    </>
  );
}

/** Ids lead to their entities. */
function ColumnCell({ column, row }: { readonly column: string; readonly row: JsonFields }) {
  const value = row[column];
  if (
    typeof value === "string" &&
    value !== "" &&
    /Id$/.test(column) &&
    !/^(user|correlation|causation|event|command)Id$/.test(column)
  )
    return <a href={entityHref(value)}>{value}</a>;
  return <Cell value={value} />;
}
