package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.SearchIndex;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;

/** Changes inside the caller's transaction. */
record PostgresWrites(PostgresOptions options, Connection connection) {

  private static final Comparator<SearchIndex.Entry> BY_ID =
      Comparator.comparing(entry -> entry.document().id());

  /** Writes in order of ids, so that concurrent batches wait for each other without deadlock. */
  void put(List<SearchIndex.Entry> entries) throws SQLException {
    for (SearchIndex.Entry entry : entries.stream().sorted(BY_ID).toList()) {
      putDocument(entry);
      deleteChunks(entry.document().id());
      putChunks(entry);
      countWords(entry.document().id());
    }
  }

  private void putDocument(SearchIndex.Entry entry) throws SQLException {
    Document document = entry.document();
    try (PreparedStatement statement =
        prepare(
            "INSERT INTO {schema}.document (id, title, content, metadata, hash, chunk_count,"
                + " word_count) VALUES (?, ?, ?, ?::jsonb, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET"
                + " title = excluded.title, content = excluded.content, metadata ="
                + " excluded.metadata, hash = excluded.hash, chunk_count = excluded.chunk_count")) {
      statement.setString(1, document.id());
      statement.setString(2, PostgresText.storable(document.title()));
      statement.setString(3, PostgresText.storable(document.text()));
      statement.setString(4, PostgresText.json(document.metadata()));
      statement.setString(5, entry.contentHash());
      statement.setInt(6, entry.chunks().size());
      statement.executeUpdate();
    }
  }

  private void deleteChunks(String id) throws SQLException {
    try (PreparedStatement statement =
        prepare("DELETE FROM {schema}.chunk WHERE document_id = ?")) {
      statement.setString(1, id);
      statement.executeUpdate();
    }
  }

  private void putChunks(SearchIndex.Entry entry) throws SQLException {
    String metadata = PostgresText.json(Entries.searchable(entry.document()));
    try (PreparedStatement statement =
        prepare(
            "INSERT INTO {schema}.chunk (document_id, number, span_start, span_end, parent_start,"
                + " parent_end, heading, content, metadata, words, word_count, embedding)"
                + " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, words,"
                + " (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(words)),"
                + " ?::vector FROM to_tsvector(?::regconfig, ?) AS words")) {
      for (int i = 0; i < entry.chunks().size(); i++) {
        Chunk chunk = entry.chunks().get(i);
        float[] unit = Entries.unit(entry.vectors().get(i), options.dimension(), chunk.id());
        statement.setString(1, chunk.documentId());
        statement.setInt(2, chunk.number());
        statement.setInt(3, chunk.span().start());
        statement.setInt(4, chunk.span().end());
        statement.setInt(5, chunk.parent().start());
        statement.setInt(6, chunk.parent().end());
        statement.setString(7, PostgresText.storable(chunk.heading()));
        statement.setString(8, PostgresText.storable(chunk.text()));
        statement.setString(9, metadata);
        statement.setString(10, PostgresText.vector(unit));
        statement.setString(11, options.textSearch());
        statement.setString(12, PostgresText.storable(chunk.searchText()));
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /**
   * Maintains counts per document that keyword searches sum, which is faster than summing over
   * chunks.
   */
  private void countWords(String id) throws SQLException {
    try (PreparedStatement statement =
        prepare(
            "UPDATE {schema}.document SET word_count = (SELECT coalesce(sum(word_count), 0)"
                + " FROM {schema}.chunk WHERE document_id = ?) WHERE id = ?")) {
      statement.setString(1, id);
      statement.setString(2, id);
      statement.executeUpdate();
    }
  }

  void delete(List<String> ids) throws SQLException {
    try (PreparedStatement statement =
        prepare(
            "DELETE FROM {schema}.document WHERE id IN (SELECT id FROM {schema}.document WHERE id ="
                + " ANY (?) ORDER BY id FOR UPDATE)")) {
      String[] storable = ids.stream().map(PostgresText::storable).toArray(String[]::new);
      statement.setArray(1, connection.createArrayOf("text", storable));
      statement.executeUpdate();
    }
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    return connection.prepareStatement(sql.replace("{schema}", options.schema()));
  }
}
