package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** How the records of one file are found and read. */
interface RecordFormat {

  /** Takes the rows that a scan finds. */
  interface Sink {

    /**
     * Takes a row.
     *
     * @param offset first byte of its record
     * @param length bytes of its record
     * @param line line the record begins in
     * @param part number of the row among those of the record
     * @param content reads the row
     */
    void row(long offset, int length, long line, int part, Content content) throws IOException;

    /** Takes a record that is too long to be read. */
    void tooLong(long offset, long line) throws IOException;
  }

  /** Reads a row that was found. */
  @FunctionalInterface
  interface Content {
    ObjectNode read() throws RowProblem;
  }

  /**
   * Goes through a file once.
   *
   * @throws DatasetException if what is wrong leaves no way to find the next record
   */
  void scan(SourceFile source, Sink sink) throws IOException;

  /** Reads a row from the bytes of its record. */
  ObjectNode parse(byte[] record, int part) throws RowProblem;
}
