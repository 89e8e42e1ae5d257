package io.adapt4j.rag.document;

import java.util.function.Consumer;

/** Source of documents, such as a folder of files. */
public interface DocumentSource {

  /**
   * Starts reading.
   *
   * @return the documents, one at a time; closed by the caller
   * @throws java.io.UncheckedIOException if reading cannot start, for example because the folder
   *     does not exist
   */
  DocumentReading open();

  /**
   * Reads all documents.
   *
   * @param each receives each document in turn
   * @return summary of what was read and what was not
   * @throws java.io.UncheckedIOException if reading cannot start, for example because the folder
   *     does not exist
   */
  default ReadingReport forEach(Consumer<Document> each) {
    try (DocumentReading reading = open()) {
      reading.forEachRemaining(each);
      return reading.report();
    }
  }
}
