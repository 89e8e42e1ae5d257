package io.adapt4j.core.data;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Splits delimited values into records as bytes, tracking lines and offsets. A record ends with LF,
 * CRLF or CR outside quotes; an opening quote counts only at the beginning of a field.
 */
final class CsvRecords implements Closeable {

  private final InputStream in;
  private final byte delimiter;
  private final boolean quotes;

  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private long bufferOffset;

  private byte[] bytes = new byte[1 << 12];
  private int length;
  private long offset;
  private long line;
  private long nextLine = 1;
  private boolean tooLong;
  private boolean unclosed;

  CsvRecords(Path file, int start, byte delimiter, boolean quotes) throws IOException {
    this.in = Files.newInputStream(file);
    this.bufferOffset = start;
    this.delimiter = delimiter;
    this.quotes = quotes;
    try {
      in.skipNBytes(start);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /** Moves to the next record; returns false at the end of the file. */
  boolean next() throws IOException {
    length = 0;
    tooLong = false;
    unclosed = false;
    offset = bufferOffset + position;
    line = nextLine;
    if (peek() < 0) {
      return false;
    }
    boolean inQuotes = false;
    boolean fieldStart = true;
    while (peek() >= 0) {
      byte b = buffer[position++];
      if (inQuotes) {
        nextLine += b == '\n' ? 1 : 0;
        if (b == '"') {
          if (peek() == '"') {
            append(b);
            position++;
          } else {
            inQuotes = false;
          }
        }
      } else if (b == '\n' || b == '\r') {
        if (b == '\r' && peek() == '\n') {
          position++;
        }
        nextLine++;
        return true;
      } else {
        inQuotes = quotes && fieldStart && b == '"';
        fieldStart = b == delimiter;
      }
      append(b);
    }
    unclosed = inQuotes;
    return true;
  }

  /** Returns the record without its line end, in an array reused by the next call. */
  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  /** Returns the file offset of the record's first byte. */
  long offset() {
    return offset;
  }

  /** Returns the line number, from 1, of the record's beginning. */
  long line() {
    return line;
  }

  boolean isBlank() {
    return length == 0 && !tooLong;
  }

  boolean tooLong() {
    return tooLong;
  }

  /** Returns whether the file ended inside quotes. */
  boolean unclosed() {
    return unclosed;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private void append(byte b) {
    if (length == LineReader.LONGEST_LINE) {
      tooLong = true;
      return;
    }
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * length);
    }
    bytes[length++] = b;
  }

  private int peek() throws IOException {
    if (position == limit) {
      bufferOffset += limit;
      position = 0;
      limit = Math.max(0, in.read(buffer));
    }
    return limit == 0 ? -1 : buffer[position] & 0xFF;
  }
}
