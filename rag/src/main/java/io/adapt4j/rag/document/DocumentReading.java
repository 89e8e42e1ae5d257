package io.adapt4j.rag.document;

import java.util.Iterator;

/**
 * Documents as they are read: only one at a time is in memory. What cannot be read is left out and
 * reported; the rest continues. For one thread.
 */
public interface DocumentReading extends Iterator<Document>, AutoCloseable {

  /**
   * Reports what was read so far and what was not.
   *
   * @return the report; complete once there is no next document
   */
  ReadingReport report();

  /** Frees what is open. */
  @Override
  void close();
}
