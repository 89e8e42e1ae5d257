package io.adapt4j.rag.document;

import java.util.function.Consumer;

/** Where documents come from, such as a folder of files. */
public interface DocumentSource {

  /**
   * Begins to read.
   *
   * @return the documents, one at a time, to be closed by the caller
   * @throws java.io.UncheckedIOException if there is nothing to begin with, such as no folder
   */
  DocumentReading open();

  /**
   * Reads everything.
   *
   * @param each gets each document in turn
   * @return what was read and what was not
   * @throws java.io.UncheckedIOException if there is nothing to begin with, such as no folder
   */
  default ReadingReport forEach(Consumer<Document> each) {
    try (DocumentReading reading = open()) {
      reading.forEachRemaining(each);
      return reading.report();
    }
  }
}
