package io.adapt4j.core.data;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads a file line by line as bytes, tracking lines and offsets. */
final class LineReader implements Closeable {

  static final int LONGEST_LINE = 64 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private long bufferOffset;

  private byte[] line = new byte[1 << 12];
  private int length;
  private long offset;
  private long number;
  private long bytes;
  private boolean tooLong;

  /** Reads a file from an offset, which counts as the beginning of its first line. */
  LineReader(Path file, int start) throws IOException {
    this.in = Files.newInputStream(file);
    this.bufferOffset = start;
    try {
      in.skipNBytes(start);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /** Moves to the next line; returns false at the end of the file. */
  boolean next() throws IOException {
    length = 0;
    bytes = 0;
    tooLong = false;
    offset = bufferOffset + position;
    if (position == limit && !fill()) {
      return false;
    }
    number++;
    do {
      int end = position;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      append(position, end);
      position = end;
      if (position < limit) {
        position++;
        return true;
      }
    } while (fill());
    return true;
  }

  /** Returns the line without its line feed, in an array reused by the next call. */
  byte[] line() {
    return line;
  }

  int length() {
    return length;
  }

  /** Returns the length of the line in the file; more than {@link #length()} if it is too long. */
  long bytes() {
    return bytes;
  }

  /** Returns the file offset of the line's first byte. */
  long offset() {
    return offset;
  }

  /** Returns the line number, from 1. */
  long number() {
    return number;
  }

  boolean isBlank() {
    for (int i = 0; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  boolean tooLong() {
    return tooLong;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private void append(int from, int to) {
    bytes += to - from;
    int wanted = length + to - from;
    if (wanted > LONGEST_LINE) {
      tooLong = true;
      return;
    }
    if (wanted > line.length) {
      line = Arrays.copyOf(line, Math.max(wanted, 2 * line.length));
    }
    System.arraycopy(buffer, from, line, length, to - from);
    length = wanted;
  }

  private boolean fill() throws IOException {
    bufferOffset += limit;
    position = 0;
    limit = Math.max(0, in.read(buffer));
    return limit > 0;
  }
}
