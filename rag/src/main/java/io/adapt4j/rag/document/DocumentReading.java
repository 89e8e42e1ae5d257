package io.adapt4j.rag.document;

import java.util.Iterator;

/**
 * Iterator over documents read one at a time. Unreadable files are skipped and reported. Not
 * thread-safe.
 */
public interface DocumentReading extends Iterator<Document>, AutoCloseable {

  /**
   * Returns the report so far.
   *
   * @return the report; complete once there is no next document
   */
  ReadingReport report();

  /** Closes open resources. */
  @Override
  void close();
}
