package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchQuery;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** A search inside the caller's transaction, on one snapshot of the tables. */
final class PostgresSearch {

  /** Maximum number of words of a question, as in Lucene's index. */
  private static final int MOST_WORDS = 500;

  private final PostgresOptions options;
  private final Connection connection;
  private final SearchQuery query;
  private final Optional<PostgresFilter> filter;
  private final int candidates;

  PostgresSearch(PostgresOptions options, Connection connection, SearchQuery query) {
    this.options = options;
    this.connection = connection;
    this.query = query;
    this.filter = query.filter().map(PostgresFilter::new);
    this.candidates = Overfetch.candidates(query.limit(), options.searchBeam());
  }

  List<Hit> hits() throws SQLException {
    Map<String, Integer> bag = bag();
    List<Scored> words = bag.isEmpty() ? List.of() : words(bag);
    if (query.vector().isEmpty()) {
      return stored(words);
    }
    float[] unit = Entries.unit(query.vector().get(), options.dimension(), "query");
    List<Scored> vectors = vectors(unit);
    return stored(words.isEmpty() ? vectors : RankFusion.fuse(words, vectors, query.fusion()));
  }

  /** Returns the question's lexemes with their counts. */
  private Map<String, Integer> bag() throws SQLException {
    Map<String, Integer> bag = new LinkedHashMap<>();
    try (PreparedStatement statement =
        prepare(
            "SELECT lexeme, cardinality(positions) FROM unnest(to_tsvector(?::regconfig, ?))"
                + " ORDER BY positions[1] LIMIT "
                + MOST_WORDS)) {
      statement.setString(1, options.textSearch());
      statement.setString(2, PostgresText.storable(query.text()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          bag.put(rows.getString(1), rows.getInt(2));
        }
      }
    }
    return bag;
  }

  /**
   * Computes BM25 like Lucene. Document frequencies are counted before the filter, so that a filter
   * does not change scores.
   */
  private List<Scored> words(Map<String, Integer> bag) throws SQLException {
    String sql =
        "WITH asked AS (SELECT * FROM unnest(?::text[], ?::int[]) AS asked (lexeme, times)),"
            + " size AS (SELECT sum(chunk_count)::float8 AS chunks,"
            + " greatest(sum(word_count) / greatest(sum(chunk_count), 1), 1)::float8 AS words"
            + " FROM {schema}.document),"
            + " held AS (SELECT document_id, number, metadata, word_count, lexeme, times,"
            + " cardinality(positions)::float8 AS count FROM {schema}.chunk,"
            + " unnest(words) JOIN asked USING (lexeme) WHERE words @@ ?::tsquery),"
            + " rarity AS (SELECT lexeme, ln(1 + (max(chunks) - count(*) + 0.5)"
            + " / (count(*) + 0.5)) AS rarity FROM held, size GROUP BY lexeme)"
            + " SELECT document_id, number, sum(times * rarity * count"
            + " / (count + ?::float8 * (1 - ?::float8 + ?::float8 * word_count / size.words)))"
            + " AS score FROM held JOIN rarity USING (lexeme), size"
            + filter.map(part -> " WHERE " + part.sql()).orElse("")
            + " GROUP BY document_id, number ORDER BY score DESC, document_id, number LIMIT ?";
    try (PreparedStatement statement = prepare(sql)) {
      List<Object> parameters = new ArrayList<>();
      parameters.add(bag.keySet().toArray(new String[0]));
      parameters.add(bag.values().toArray(new Integer[0]));
      parameters.add(
          bag.keySet().stream().map(PostgresText::quoted).collect(Collectors.joining(" | ")));
      parameters.addAll(List.of(options.k1(), options.b(), options.b()));
      filter.ifPresent(part -> parameters.addAll(part.parameters()));
      parameters.add(candidates);
      bind(statement, parameters);
      return scored(statement);
    }
  }

  private List<Scored> vectors(float[] unit) throws SQLException {
    // Iterative scan: the graph is searched until enough hits pass the filter.
    set("hnsw.ef_search", Integer.toString(Math.min(candidates, 1000)));
    set("hnsw.iterative_scan", "strict_order");
    String sql =
        "SELECT document_id, number, 1 - (embedding <=> ?::vector) AS score FROM {schema}.chunk"
            + filter.map(part -> " WHERE " + part.sql()).orElse("")
            + " ORDER BY embedding <=> ?::vector LIMIT ?";
    try (PreparedStatement statement = prepare(sql)) {
      String vector = PostgresText.vector(unit);
      List<Object> parameters = new ArrayList<>(List.of(vector));
      filter.ifPresent(part -> parameters.addAll(part.parameters()));
      parameters.addAll(List.of(vector, candidates));
      bind(statement, parameters);
      List<Scored> list = scored(statement);
      list.sort(Scored.ORDER);
      return list;
    }
  }

  private void set(String setting, String value) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT set_config(?, ?, true)")) {
      statement.setString(1, setting);
      statement.setString(2, value);
      statement.execute();
    }
  }

  private static List<Scored> scored(PreparedStatement statement) throws SQLException {
    List<Scored> list = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        list.add(new Scored(new ChunkKey(rows.getString(1), rows.getInt(2)), rows.getDouble(3)));
      }
    }
    return list;
  }

  private List<Hit> stored(List<Scored> ranked) throws SQLException {
    List<Scored> best = ranked.subList(0, Math.min(query.limit(), ranked.size()));
    Map<ChunkKey, Hit> hits = new HashMap<>();
    try (PreparedStatement statement =
        prepare(
            "SELECT chunk.*, document.title FROM"
                + " unnest(?::text[], ?::int[]) AS wanted (document_id, number)"
                + " JOIN {schema}.chunk USING (document_id, number)"
                + " JOIN {schema}.document ON document.id = document_id")) {
      bind(
          statement,
          List.of(
              best.stream().map(scored -> scored.key().documentId()).toArray(String[]::new),
              best.stream().map(scored -> scored.key().number()).toArray(Integer[]::new)));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          ChunkKey key = new ChunkKey(rows.getString("document_id"), rows.getInt("number"));
          Map<String, Object> metadata = MetadataJson.read(rows.getString("metadata"));
          hits.put(key, new Hit(PostgresReads.chunk(rows), 0, rows.getString("title"), metadata));
        }
      }
    }
    return best.stream()
        .map(scored -> Objects.requireNonNull(hits.get(scored.key())).withScore(scored.score()))
        .toList();
  }

  private void bind(PreparedStatement statement, List<Object> parameters) throws SQLException {
    for (int i = 0; i < parameters.size(); i++) {
      Object value = parameters.get(i);
      if (value instanceof Object[] array) {
        statement.setArray(i + 1, connection.createArrayOf(elementType(array), array));
      } else {
        statement.setObject(i + 1, value);
      }
    }
  }

  private static String elementType(Object[] array) {
    if (array instanceof String[]) {
      return "text";
    }
    if (array instanceof Integer[]) {
      return "int4";
    }
    return array instanceof Boolean[] ? "bool" : "numeric";
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    return connection.prepareStatement(sql.replace("{schema}", options.schema()));
  }
}
