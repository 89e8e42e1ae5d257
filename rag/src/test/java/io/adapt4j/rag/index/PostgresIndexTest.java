package io.adapt4j.rag.index;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.rag.spi.SearchIndex;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresIndexTest extends SearchIndexContract {

  private final String schema = PostgresServer.newSchema();

  @BeforeAll
  static void requireServer() {
    PostgresServer.url();
  }

  @Override
  SearchIndex open(String identity, int dimension) {
    return PostgresIndex.builder(PostgresServer.url(), "", "")
        .schema(schema)
        .embeddings(identity, dimension)
        .open();
  }

  @AfterEach
  void drop() {
    PostgresServer.drop(schema);
  }

  @Test
  void tablesOfANewerVersionAreRefused() {
    PostgresServer.execute("UPDATE " + schema + ".setting SET value = '99' WHERE key = 'script'");
    assertThatIllegalStateException()
        .isThrownBy(() -> open(MODEL, 3))
        .withMessageContaining("its tables are of version 99, this program knows 1");
  }

  @Test
  void aSchemaIsNamedByPlainWordsOnly() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PostgresIndex.builder("jdbc:postgresql:x", "", "").schema("a; DROP x"))
        .withMessageContaining("found 'a; DROP x'");
  }
}
