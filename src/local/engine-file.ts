import Database from "libsql";

/**
 * What the pinned engine leaves undone in its SQLite file. For every put it looks for the greatest
 * sequence number among all stream records of the table, one after the other, and it never removes
 * any, where DynamoDB removes them after 24 hours: every write would cost more with every event ever
 * stored. An index lets it find the number at once; `trim` removes what was read.
 */
export interface EngineFile {
  /**
   * Removes a table's stream records up to a sequence number. The newest one stays whatever is asked,
   * for the engine counts on from it. Answers how many were removed.
   */
  trim(table: string, upTo: string): number;
  close(): void;
}

/** The release whose file is known here. The file of another one is left alone. */
export const KNOWN_RELEASE = "1.2.1";
const KNOWN_SCHEMA = "9";
const ROWS_AT_ONCE = 1_000;

const INDEX = `
  CREATE INDEX IF NOT EXISTS _streamfold_greatest ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
  CREATE INDEX IF NOT EXISTS _streamfold_next ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER))`;

const TRIM = `
  DELETE FROM _stream_records WHERE id IN (
    SELECT id FROM _stream_records
    WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= CAST(?2 AS INTEGER)
      AND CAST(sequence_number AS INTEGER) < (
        SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)
    ORDER BY CAST(sequence_number AS INTEGER) LIMIT ${ROWS_AT_ONCE})`;

/** The file of a running engine, or undefined when it is not one that is known. */
export function openEngineFile(path: string, release: string): EngineFile | undefined {
  if (release !== KNOWN_RELEASE) return undefined;
  const file = new Database(path, { timeout: 5_000 });
  if (!hasKnownSchema(file)) {
    file.close();
    return undefined;
  }
  file.exec(INDEX);
  const trim = file.prepare(TRIM);
  return {
    trim(table, upTo) {
      let removed = 0;
      for (;;) {
        const { changes } = trim.run(table, upTo);
        removed += changes;
        if (changes < ROWS_AT_ONCE) return removed;
      }
    },
    close: () => void file.close(),
  };
}

function hasKnownSchema(file: Database.Database): boolean {
  const row = file.prepare("SELECT value FROM _config WHERE key = 'schema_version'").get();
  return (row as { readonly value: string } | undefined)?.value === KNOWN_SCHEMA;
}
