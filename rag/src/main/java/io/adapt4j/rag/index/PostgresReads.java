package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Non-search reads inside the caller's transaction. */
record PostgresReads(PostgresOptions options, Connection connection) {

  Optional<Document> document(String id) throws SQLException {
    try (PreparedStatement statement =
        prepare("SELECT id, title, content, metadata FROM {schema}.document WHERE id = ?")) {
      statement.setString(1, PostgresText.storable(id));
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Document(
                    row.getString("id"),
                    row.getString("title"),
                    row.getString("content"),
                    MetadataJson.read(row.getString("metadata"))))
            : Optional.empty();
      }
    }
  }

  List<Chunk> chunks(String id, int first, int last) throws SQLException {
    List<Chunk> chunks = new ArrayList<>();
    try (PreparedStatement statement =
        prepare(
            "SELECT * FROM {schema}.chunk WHERE document_id = ? AND number BETWEEN ? AND ?"
                + " ORDER BY number")) {
      statement.setString(1, PostgresText.storable(id));
      statement.setInt(2, first);
      statement.setInt(3, last);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          chunks.add(chunk(rows));
        }
      }
    }
    return chunks;
  }

  static Chunk chunk(ResultSet row) throws SQLException {
    return new Chunk(
        row.getString("document_id"),
        row.getInt("number"),
        new Span(row.getInt("span_start"), row.getInt("span_end")),
        new Span(row.getInt("parent_start"), row.getInt("parent_end")),
        row.getString("heading"),
        row.getString("content"));
  }

  Map<String, float[]> vectors(List<Chunk> chunks) throws SQLException {
    Map<String, float[]> vectors = new HashMap<>();
    try (PreparedStatement statement =
        prepare(
            "SELECT wanted.id, chunk.embedding::text FROM"
                + " unnest(?::text[], ?::text[], ?::int[]) AS wanted (id, document_id, number)"
                + " JOIN {schema}.chunk USING (document_id, number)")) {
      Object[] ids = chunks.stream().map(Chunk::id).toArray(String[]::new);
      Object[] documents =
          chunks.stream().map(chunk -> PostgresText.storable(chunk.documentId())).toArray();
      Object[] numbers = chunks.stream().map(Chunk::number).toArray();
      statement.setArray(1, connection.createArrayOf("text", ids));
      statement.setArray(2, connection.createArrayOf("text", documents));
      statement.setArray(3, connection.createArrayOf("int4", numbers));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          vectors.put(rows.getString(1), PostgresText.vector(rows.getString(2)));
        }
      }
    }
    return vectors;
  }

  Map<String, String> contentHashes() throws SQLException {
    Map<String, String> hashes = new TreeMap<>();
    try (PreparedStatement statement = prepare("SELECT id, hash FROM {schema}.document");
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        hashes.put(rows.getString(1), rows.getString(2));
      }
    }
    return hashes;
  }

  long documentCount() throws SQLException {
    return count("SELECT count(*) FROM {schema}.document");
  }

  long chunkCount() throws SQLException {
    return count("SELECT count(*) FROM {schema}.chunk");
  }

  private long count(String sql) throws SQLException {
    try (PreparedStatement statement = prepare(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    return connection.prepareStatement(sql.replace("{schema}", options.schema()));
  }
}
