package io.adapt4j.core.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Reads lines of UTF-8 that end with LF, CR or CRLF and do not exceed a maximum length. */
public final class BoundedLines {

  private final InputStream in;
  private final AnswerLimit limit;
  private final long maxLineBytes;
  private final byte[] buffer = new byte[8192];
  private int position;
  private int end;
  private boolean afterReturn;

  BoundedLines(InputStream in, AnswerLimit limit, long maxLineBytes) {
    this.in = in;
    this.limit = limit;
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Reads a line.
   *
   * @return the line without its terminator; null at the end of the response
   */
  public String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean any = false;
    while (true) {
      if (position == end && !fill()) {
        return any ? line.toString(StandardCharsets.UTF_8) : null;
      }
      if (afterReturn && buffer[position] == '\n') {
        afterReturn = false;
        position++;
        continue;
      }
      afterReturn = false;
      any = true;
      int from = position;
      while (position < end && buffer[position] != '\n' && buffer[position] != '\r') {
        position++;
      }
      line.write(buffer, from, position - from);
      if (line.size() > maxLineBytes) {
        throw limit.exceeded("a line is longer than " + AnswerLimit.bytes(maxLineBytes));
      }
      if (position < end) {
        afterReturn = buffer[position++] == '\r';
        return line.toString(StandardCharsets.UTF_8);
      }
    }
  }

  private boolean fill() throws IOException {
    position = 0;
    end = Math.max(0, in.read(buffer, 0, buffer.length));
    return end > 0;
  }
}
