package io.adapt4j.rag.index;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.OwnThreads;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * An index in a PostgreSQL server with the pgvector extension (0.8 or newer), shared by any number
 * of reading and writing processes.
 *
 * <p>Vectors are searched with pgvector's HNSW graph, words with the server's full-text index and
 * BM25 computed in SQL. Each call is one transaction. Scores are like those of {@link LuceneIndex},
 * with the server's stemming.
 *
 * <p>A failed call changes nothing, or everything if only the confirmation was lost; its message
 * says whether the server was reached. It can be repeated, as adding replaces and deleting ignores
 * missing documents. The index reconnects automatically. With the index's own pool, interrupting
 * the calling thread aborts no call; with the application's {@link DataSource}, waiting for a
 * connection is interruptible if that source supports it.
 *
 * <p>Needs {@code org.postgresql:postgresql} on the class path and, to be given a URL instead of a
 * {@link DataSource}, {@code com.zaxxer:HikariCP}. The character 0, which the server cannot store,
 * becomes U+FFFD.
 */
public final class PostgresIndex implements SearchIndex {

  private final PostgresOptions options;
  private final DataSource source;
  private final boolean ownPool;
  private final PostgresFailures failures;

  private PostgresIndex(
      PostgresOptions options, DataSource source, boolean ownPool, PostgresFailures failures) {
    this.options = options;
    this.source = source;
    this.ownPool = ownPool;
    this.failures = failures;
  }

  /**
   * Starts a builder that uses the application's connections.
   *
   * @param source provides connections; closed by the application
   * @return a builder
   */
  public static Builder builder(DataSource source) {
    return new Builder(Objects.requireNonNull(source, "source"), null);
  }

  /**
   * Starts a builder with a separate connection pool.
   *
   * @param url such as {@code jdbc:postgresql://localhost/mine?user=me}
   * @param user the role; empty if it is in the URL
   * @param password its password; may be empty
   * @return a builder
   * @throws IllegalArgumentException if the URL has a user before its host
   */
  public static Builder builder(String url, String user, String password) {
    HikariConfig config = new HikariConfig();
    PostgresAddress address = PostgresAddress.of(url);
    config.setJdbcUrl(address.url());
    address.user().ifPresent(config::setUsername);
    address.password().ifPresent(config::setPassword);
    if (!user.isEmpty()) {
      config.setUsername(user);
      config.setPassword(password);
    }
    config.setPoolName("adapt4j-index");
    return new Builder(null, config);
  }

  @Override
  public void putAll(List<Entry> entries) {
    entries.forEach(this::check);
    change(connection -> new PostgresWrites(options, connection).put(entries));
  }

  private void check(Entry entry) {
    if (entry.document().id().indexOf('\0') >= 0) {
      throw new IllegalArgumentException("id: PostgreSQL takes no text with the character 0");
    }
    Entries.check(entry, options.dimension());
  }

  @Override
  public void delete(List<String> ids) {
    change(connection -> new PostgresWrites(options, connection).delete(ids));
  }

  @Override
  public List<Hit> search(SearchQuery query) {
    Entries.check(query);
    return read(connection -> new PostgresSearch(options, connection, query).hits());
  }

  @Override
  public Optional<Document> document(String id) {
    return read(connection -> new PostgresReads(options, connection).document(id));
  }

  @Override
  public List<Chunk> chunks(String id, int first, int last) {
    return read(connection -> new PostgresReads(options, connection).chunks(id, first, last));
  }

  @Override
  public Map<String, float[]> vectors(List<Chunk> chunks) {
    return read(connection -> new PostgresReads(options, connection).vectors(chunks));
  }

  @Override
  public Map<String, String> contentHashes() {
    return read(connection -> new PostgresReads(options, connection).contentHashes());
  }

  @Override
  public long documentCount() {
    return read(connection -> new PostgresReads(options, connection).documentCount());
  }

  @Override
  public long chunkCount() {
    return read(connection -> new PostgresReads(options, connection).chunkCount());
  }

  /** Closes the pool, if it is the index's own. */
  @Override
  public void close() {
    if (ownPool && source instanceof HikariDataSource pool) {
      pool.close();
    }
  }

  private void change(Change change) {
    transaction(
        Connection.TRANSACTION_READ_COMMITTED,
        connection -> {
          change.in(connection);
          return true; // The result is required but unused.
        });
  }

  /** Runs a read in a transaction whose statements all see the same snapshot. */
  private <T> T read(Reading<T> reading) {
    return transaction(Connection.TRANSACTION_REPEATABLE_READ, reading);
  }

  /** Runs a transaction, on a separate thread if it must not join one of the application. */
  private <T> T transaction(int isolation, Reading<T> work) {
    try {
      return ownPool
          ? OwnThreads.call(() -> connected(isolation, work))
          : connected(isolation, work);
    } catch (SQLException e) {
      throw failures.explained(e);
    }
  }

  private <T> T connected(int isolation, Reading<T> work) throws SQLException {
    try (Connection connection = source.getConnection()) {
      boolean before = connection.getAutoCommit();
      int isolationBefore = connection.getTransactionIsolation();
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(isolation);
      T result;
      try {
        result = work.in(connection);
        connection.commit();
      } catch (SQLException | RuntimeException e) {
        restore(connection, isolationBefore, before, e);
        throw e;
      }
      connection.setTransactionIsolation(isolationBefore);
      connection.setAutoCommit(before);
      return result;
    }
  }

  /**
   * Restores the connection's settings; a lost connection fails here too, which must not hide the
   * cause.
   */
  private static void restore(
      Connection connection, int isolation, boolean autoCommit, Exception failure) {
    try {
      connection.rollback();
      connection.setTransactionIsolation(isolation);
      connection.setAutoCommit(autoCommit);
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  private interface Change {
    void in(Connection connection) throws SQLException;
  }

  private interface Reading<T> {
    T in(Connection connection) throws SQLException;
  }

  /** Options of an index. Those marked as recorded must be the same whenever it is opened. */
  public static final class Builder {
    private final @Nullable DataSource given;
    private final @Nullable HikariConfig pool;
    private String schema = "adapt4j";
    private String embeddings = "";
    private int dimension;
    private Language language = Language.ENGLISH;
    private int links = 16;
    private int buildBeam = 64;
    private int searchBeam = 100;
    private double k1 = 0.9;
    private double b = 0.4;

    private Builder(@Nullable DataSource given, @Nullable HikariConfig pool) {
      this.given = given;
      this.pool = pool;
    }

    /**
     * Sets the schema of the index's tables, which is created if missing.
     *
     * @param name {@code adapt4j} by default: lower-case letters, digits and underscores, at most
     *     63, no digit first
     * @throws IllegalArgumentException if it is of other characters
     */
    public Builder schema(String name) {
      if (!name.matches("[a-z_][a-z0-9_]{0,62}")) {
        throw new IllegalArgumentException(
            "schema: expected lower-case letters, digits and underscores, found '" + name + "'");
      }
      this.schema = name;
      return this;
    }

    /**
     * Sets the embeddings of the index. Recorded, and required.
     *
     * @param identity {@code TextEmbeddings.identity()}
     * @param dimension dimension of the vectors, from 1 to 2000, which is pgvector's limit
     * @throws IllegalArgumentException if the identity is blank or the dimension out of range
     */
    public Builder embeddings(String identity, int dimension) {
      this.embeddings = Entries.identity(identity);
      this.dimension = Entries.within("dimension", dimension, 1, 2000);
      return this;
    }

    /**
     * Sets the language of the texts. Recorded.
     *
     * @param language English by default
     */
    public Builder language(Language language) {
      this.language = Objects.requireNonNull(language, "language");
      return this;
    }

    /**
     * Sets the parameters of the HNSW graph, used when the index is created.
     *
     * @param links m: 16 by default, from 2 to 100
     * @param buildBeam ef_construction: 64 by default, at least twice the links, at most 1000
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder graph(int links, int buildBeam) {
      this.links = Entries.within("links", links, 2, 100);
      this.buildBeam = Entries.within("buildBeam", buildBeam, 2 * links, 1000);
      return this;
    }

    /**
     * Sets the minimum number of candidates of a search: more raise recall and take longer.
     *
     * @param candidates 100 by default, at most 1000; never fewer than four times the query's limit
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder searchBeam(int candidates) {
      this.searchBeam = Entries.within("searchBeam", candidates, 1, 1000);
      return this;
    }

    /**
     * Sets the parameters of BM25 (Robertson and Zaragoza 2009).
     *
     * @param k1 term frequency saturation: 0.9 by default
     * @param b length normalization, from 0 to 1: 0.4 by default
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder bm25(double k1, double b) {
      Entries.checkBm25(k1, b);
      this.k1 = k1;
      this.b = b;
      return this;
    }

    /**
     * Connects, and creates or upgrades the tables.
     *
     * @return the index; close it
     * @throws IllegalStateException if no embeddings were named, the server cannot be reached or
     *     lacks pgvector, or the tables are of other embeddings, language or version
     */
    public PostgresIndex open() {
      if (dimension == 0) {
        throw new IllegalStateException("embeddings: name them before opening the index");
      }
      PostgresOptions options =
          new PostgresOptions(
              schema, embeddings, dimension, language, links, buildBeam, searchBeam, k1, b);
      PostgresIndex index =
          given == null
              ? pooled(options, Objects.requireNonNull(pool))
              : new PostgresIndex(
                  options,
                  given,
                  false,
                  new PostgresFailures(options.name() + " of the given DataSource"));
      try {
        index.change(connection -> new PostgresSchema(options).migrate(connection));
        return index;
      } catch (RuntimeException e) {
        index.close();
        throw e;
      }
    }

    private static PostgresIndex pooled(PostgresOptions options, HikariConfig pool) {
      PostgresFailures failures =
          new PostgresFailures(
              options.name() + " at " + PostgresFailures.withoutSecrets(pool.getJdbcUrl()));
      try {
        HikariDataSource connections = OwnThreads.call(() -> new HikariDataSource(pool));
        return new PostgresIndex(options, connections, true, failures);
      } catch (RuntimeException e) {
        throw failures.explained(e);
      }
    }
  }
}
