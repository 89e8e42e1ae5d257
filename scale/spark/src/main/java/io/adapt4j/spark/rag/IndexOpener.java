package io.adapt4j.spark.rag;

import io.adapt4j.rag.spi.SearchIndex;
import java.io.Serializable;

/** Opens an index on an executor, such as one in a database accessible to every executor. */
@FunctionalInterface
public interface IndexOpener extends Serializable {

  /**
   * Opens the index.
   *
   * @return the index, closed by the caller
   */
  SearchIndex open();
}
