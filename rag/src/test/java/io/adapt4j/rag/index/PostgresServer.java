package io.adapt4j.rag.index;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** The server that tests use where there is one; {@code .ci/postgres} starts it. */
final class PostgresServer {

  private static final AtomicInteger SCHEMAS = new AtomicInteger();

  private PostgresServer() {}

  /** The server's URL. Without it the test is skipped. */
  static String url() {
    String url = System.getenv("ADAPT4J_POSTGRES");
    assumeTrue(
        url != null && !url.isEmpty(),
        "ADAPT4J_POSTGRES: not set; .ci/postgres starts a server and prints the JDBC URL for it");
    return url;
  }

  /** A name of no schema. */
  static String newSchema() {
    return "test_" + ProcessHandle.current().pid() + "_" + SCHEMAS.incrementAndGet();
  }

  static void execute(String sql) {
    try (Connection connection = DriverManager.getConnection(url());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static void drop(String schema) {
    execute("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
  }
}
