import type { ComponentChildren } from "preact";
import type { JsonFields } from "./contract.ts";

interface RowsTableProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly key: string | number; readonly row: JsonFields }[];
  readonly cell: (column: string, row: JsonFields) => ComponentChildren;
  /** Beside those of a table that scrolls. */
  readonly classes?: string;
}

/** Rows of a read model, which may be wider than the page. */
export function RowsTable({ label, columns, rows, cell, classes = "" }: RowsTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class={`${classes} table-scroll`.trim()} tabIndex={0} aria-label={label}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, row }) => (
            <tr key={key}>
              {columns.map((column) => (
                <td key={column}>{cell(column, row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
