package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.both;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that is not there, goes away, or refuses. */
class PostgresFailuresTest {

  @AfterEach
  void clearFlag() {
    Thread.interrupted();
  }

  @Test
  void aServerThatIsNotThereIsNamedWithoutThePassword() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    String url = "jdbc:postgresql://127.0.0.1:" + port + "/mine";
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                PostgresIndex.builder(url + "?user=me&password=secret", "", "")
                    .embeddings("m", 3)
                    .open())
        .withMessageContaining("index in schema adapt4j at " + url)
        .withMessageContaining("cannot be reached")
        .withMessageContaining("see that it runs")
        .withMessageContaining("repeat the call")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret").doesNotContain("me&"));
    assertThat(PostgresFailures.withoutSecrets("jdbc:postgresql://me:secret@host:1/db"))
        .isEqualTo("jdbc:postgresql://host:1/db");
  }

  @ParameterizedTest
  @CsvSource({
    "08006, cannot be reached",
    "57P01, cannot be reached",
    "28P01, user or password",
    "53100, disk is full",
    "53300, no connection is free",
    "40P01, repeat the call",
    "42501, refuses the call"
  })
  void whatTheServerSaysIsExplained(String state, String meaning) {
    DataSource source = failing(new SQLException("the server's own words", state));
    assertThatIllegalStateException()
        .isThrownBy(() -> PostgresIndex.builder(source).embeddings("m", 3).open())
        .withMessageContaining("of the given DataSource")
        .withMessageContaining(meaning)
        .withMessageContaining("the server's own words");
  }

  @Test
  void anInterruptIsNotBlamedOnTheServer() {
    DataSource source =
        failing(new SQLException("Interrupted during acquisition", new InterruptedException()));
    assertThatIllegalStateException()
        .isThrownBy(() -> PostgresIndex.builder(source).embeddings("m", 3).open())
        .withMessageContaining("the calling thread was interrupted");
  }

  private static DataSource failing(SQLException failure) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              throw failure;
            });
  }

  @Test
  void aConnectionThatTheServerEndsIsToldAndTheIndexConnectsAgain() {
    String schema = PostgresServer.newSchema();
    try (PostgresIndex index = open(schema)) {
      index.putAll(List.of(entry("a", "words", EAST)));
      PostgresServer.execute(
          "CREATE FUNCTION "
              + schema
              + ".die() RETURNS trigger AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid());"
              + " RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER die BEFORE INSERT ON "
              + schema
              + ".document FOR EACH ROW EXECUTE FUNCTION "
              + schema
              + ".die()");
      assertThatIllegalStateException()
          .isThrownBy(() -> index.putAll(List.of(entry("b", "words", EAST))))
          .withMessageContaining("has ended the connection")
          .withMessageContaining("repeat the call");
      PostgresServer.execute("DROP TRIGGER die ON " + schema + ".document");
      index.putAll(List.of(entry("b", "words", EAST)));
      assertThat(ids(index.search(both("words", EAST)))).containsExactly("a#0", "b#0");
    } finally {
      PostgresServer.drop(schema);
    }
  }

  @Test
  void anInterruptedThreadUsesTheIndexAsAnyOther() {
    String schema = PostgresServer.newSchema();
    Thread.currentThread().interrupt();
    try (PostgresIndex index = open(schema)) {
      index.putAll(List.of(entry("a", "words", EAST), entry("b", "words", EAST)));
      index.delete(List.of("b"));
      assertThat(ids(index.search(both("words", EAST)))).containsExactly("a#0");
      assertThat(Thread.interrupted()).isTrue();
    } finally {
      Thread.interrupted();
      PostgresServer.drop(schema);
    }
  }

  private static PostgresIndex open(String schema) {
    return PostgresIndex.builder(PostgresServer.url(), "", "")
        .schema(schema)
        .embeddings("m", 3)
        .open();
  }
}
