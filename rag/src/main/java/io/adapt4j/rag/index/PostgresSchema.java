package io.adapt4j.rag.index;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * Creates and migrates the tables by numbered scripts; a settings table records the number of
 * scripts run. Only one process at a time migrates.
 */
record PostgresSchema(PostgresOptions options) {

  private static final int SCRIPTS = 1;
  private static final String SCRIPT_KEY = "script";
  private static final long LOCK = 0x616461707434L;

  /** Migrates the tables to this version. */
  void migrate(Connection connection) throws SQLException {
    lock(connection);
    try (Statement statement = connection.createStatement()) {
      // Checked first, since a role may use what it may not create.
      if (!exists(connection, "SELECT 1 FROM pg_extension WHERE extname = 'vector'")) {
        statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      }
      if (!exists(connection, "SELECT 1 FROM pg_namespace WHERE nspname = '" + schema() + "'")) {
        statement.execute("CREATE SCHEMA " + schema());
      }
      statement.execute(
          "CREATE TABLE IF NOT EXISTS "
              + schema()
              + ".setting (key text PRIMARY KEY, value text NOT NULL)");
    }
    Map<String, String> settings = settings(connection);
    int done = Integer.parseInt(settings.getOrDefault(SCRIPT_KEY, "0"));
    if (done > SCRIPTS) {
      throw new IllegalStateException(
          options.name()
              + ": its tables are of version "
              + done
              + ", this program knows "
              + SCRIPTS
              + "; use the newer program, or another schema");
    }
    if (done > 0) {
      options.identity().check(options.name(), settings);
    } else {
      for (Map.Entry<String, String> entry : options.identity().asMap().entrySet()) {
        set(connection, entry.getKey(), entry.getValue());
      }
    }
    for (int script = done + 1; script <= SCRIPTS; script++) {
      run(connection, script);
      set(connection, SCRIPT_KEY, Integer.toString(script));
    }
  }

  private String schema() {
    return options.schema();
  }

  private static void lock(Connection connection) throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(?)")) {
      lock.setLong(1, LOCK);
      lock.execute();
    }
  }

  private static boolean exists(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return rows.next();
    }
  }

  private Map<String, String> settings(Connection connection) throws SQLException {
    Map<String, String> settings = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT key, value FROM " + schema() + ".setting")) {
      while (rows.next()) {
        settings.put(rows.getString(1), rows.getString(2));
      }
    }
    return settings;
  }

  private void set(Connection connection, String key, String value) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO "
                + schema()
                + ".setting (key, value) VALUES (?, ?)"
                + " ON CONFLICT (key) DO UPDATE SET value = excluded.value")) {
      statement.setString(1, key);
      statement.setString(2, value);
      statement.executeUpdate();
    }
  }

  private void run(Connection connection, int number) throws SQLException {
    String script =
        script(number)
            .replace("{schema}", schema())
            .replace("{dimension}", Integer.toString(options.dimension()))
            .replace("{links}", Integer.toString(options.links()))
            .replace("{buildBeam}", Integer.toString(options.buildBeam()));
    try (Statement statement = connection.createStatement()) {
      statement.execute(script);
    }
  }

  private static String script(int number) {
    String name = "postgres-" + number + ".sql";
    try (InputStream in = PostgresSchema.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be read from the library's jar", e);
    }
  }
}
