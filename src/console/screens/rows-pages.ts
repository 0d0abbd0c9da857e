import { signal } from "@preact/signals";
import { ApiError, addressOf, get, part } from "../api.ts";
import type { RowsPage } from "../contract.ts";
import { errorText } from "../notice.tsx";

export interface RowsChoice {
  /** Empty: the rows as the table has them. */
  readonly list: string;
  readonly partition: string;
  readonly order: "ascending" | "descending";
}

type Row = RowsPage["rows"][number];

/** Pages of a projection's rows; those that were fetched stay. */
export class RowsPages {
  readonly rows = signal<readonly Row[]>([]);
  readonly partitions = signal<readonly string[] | undefined>(undefined);
  readonly hasMore = signal(true);
  readonly isFetching = signal(false);
  readonly error = signal<ApiError | undefined>(undefined);
  readonly #name: string;
  readonly #choice: RowsChoice;
  #cursor: string | undefined;

  constructor(name: string, choice: RowsChoice) {
    this.#name = name;
    this.#choice = choice;
  }

  fetchMore(): Promise<void> {
    return this.#working(async () => this.#add(this.rows.peek(), await this.#fetch(this.#cursor)));
  }

  /** As many as there are, or were, on the page; they change places once all are there. */
  refresh(): Promise<void> {
    return this.#working(async () => {
      const wanted = this.rows.peek().length;
      let rows: readonly Row[] = [];
      let page = await this.#fetch(undefined);
      while (rows.length + page.rows.length < wanted && page.cursor !== undefined) {
        rows = [...rows, ...page.rows];
        page = await this.#fetch(page.cursor);
      }
      this.#add(rows, page);
    });
  }

  async #working(work: () => Promise<void>): Promise<void> {
    if (this.isFetching.peek()) return;
    this.isFetching.value = true;
    try {
      await work();
      this.error.value = undefined;
    } catch (error) {
      this.error.value = error instanceof ApiError ? error : new ApiError(errorText(error), 0);
    } finally {
      this.isFetching.value = false;
    }
  }

  #fetch(cursor: string | undefined): Promise<RowsPage> {
    const { list, partition, order } = this.#choice;
    const query = { list, partition, order: list === "" ? undefined : order, cursor, limit: PAGE };
    return get<RowsPage>(addressOf("api", `/operations/projections/${part(this.#name)}/rows`, query));
  }

  #add(before: readonly Row[], page: RowsPage): void {
    if (this.#choice.list !== "" && this.#choice.partition === "") this.partitions.value = page.partitions;
    this.rows.value = [...before, ...page.rows];
    this.#cursor = page.cursor;
    this.hasMore.value = page.cursor !== undefined;
  }
}

const PAGE = 50;
