package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.SearchIndex;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class LuceneIndexTest extends SearchIndexContract {

  @TempDir private Path folder;

  @Override
  SearchIndex open(String identity, int dimension) {
    return LuceneIndex.builder(folder.resolve("index")).embeddings(identity, dimension).open();
  }
}
