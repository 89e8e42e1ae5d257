package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.SearchIndex;
import org.junit.jupiter.api.AfterAll;

class PostgresFilterTest extends FilterContract {

  private final String schema = PostgresServer.newSchema();
  private String url = "";

  @Override
  SearchIndex open(String identity, int dimension) {
    url = PostgresServer.url();
    return PostgresIndex.builder(url, "", "").schema(schema).embeddings(identity, dimension).open();
  }

  @AfterAll
  void drop() {
    if (!url.isEmpty()) {
      PostgresServer.drop(schema);
    }
  }
}
