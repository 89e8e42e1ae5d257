package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** Format of the records of a file. */
interface RecordFormat {

  /** Receiver of the rows found by a scan. */
  interface Sink {

    /**
     * Takes a row.
     *
     * @param length length of its record in bytes
     */
    void row(long offset, int length, long line, int part, Content content) throws IOException;

    void tooLong(long offset, long line) throws IOException;
  }

  /** Reader of a found row. */
  @FunctionalInterface
  interface Content {
    ObjectNode read() throws RowProblem;
  }

  void scan(SourceFile source, Sink sink) throws IOException;

  /** Reads a row from the bytes of its record. */
  ObjectNode parse(byte[] record, int part) throws RowProblem;
}
