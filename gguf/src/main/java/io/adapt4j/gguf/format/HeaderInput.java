package io.adapt4j.gguf.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads little-endian values of a header sequentially. Never allocates more than the rest of the
 * header could fill.
 */
final class HeaderInput {

  private static final int WINDOW = 1 << 16;

  private final Path file;
  private final Bytes bytes;
  private final long end;
  private final long fileSize;
  private final ByteBuffer window = ByteBuffer.allocate(WINDOW).order(ByteOrder.LITTLE_ENDIAN);
  private long read;

  /** Reads from a file as a channel does. */
  @FunctionalInterface
  interface Bytes {
    int read(ByteBuffer target, long position) throws IOException;
  }

  /** Begins at the file's first byte. */
  HeaderInput(Path file, Bytes bytes, long fileSize, long maxBytes) {
    this.file = file;
    this.bytes = bytes;
    this.fileSize = fileSize;
    this.end = Math.min(fileSize, maxBytes);
    window.limit(0);
  }

  /** {@return the position in the file} */
  long position() {
    return read - window.remaining();
  }

  /** {@return the maximum number of remaining header bytes} */
  long remaining() {
    return end - position();
  }

  int readInt(String field) throws IOException {
    need(Integer.BYTES, field);
    return window.getInt();
  }

  long readLong(String field) throws IOException {
    need(Long.BYTES, field);
    return window.getLong();
  }

  /** Reads a count of items. */
  int readCount(String field, int bytesEach) throws IOException {
    long count = readLong(field);
    if (count < 0 || count > remaining() / bytesEach || count > Integer.MAX_VALUE / bytesEach) {
      throw invalid(
          field,
          "a count that the %d bytes left of the header can hold".formatted(remaining()),
          Long.toUnsignedString(count));
    }
    return (int) count;
  }

  byte[] readBytes(int count, String field) throws IOException {
    if (count > remaining()) {
      throw ends(count, field);
    }
    byte[] result = new byte[count];
    int buffered = Math.min(count, window.remaining());
    window.get(result, 0, buffered);
    ByteBuffer rest = ByteBuffer.wrap(result, buffered, count - buffered);
    while (rest.hasRemaining()) {
      int got = bytes.read(rest, read);
      if (got < 0) {
        throw ends(rest.remaining(), field);
      }
      read += got;
    }
    return result;
  }

  String readString(String field) throws IOException {
    int length = readCount("length of " + field, 1);
    ByteBuffer encoded = ByteBuffer.wrap(readBytes(length, field));
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
    } catch (CharacterCodingException e) {
      throw new GgufException(
          "%s: %s: expected text in UTF-8, found other bytes before position %d. %s"
              .formatted(file, field, position(), GgufException.DAMAGED),
          e);
    }
  }

  GgufException invalid(String field, String expected, String found) {
    return GgufException.in(file, field, expected, found, GgufException.DAMAGED);
  }

  private GgufException ends(int count, String field) {
    String found = "the end of the file of " + fileSize + " bytes";
    if (end < fileSize) {
      return GgufException.in(
          file,
          field,
          "a header of at most " + end + " bytes",
          "a longer one",
          "Check that this is the file that was meant.");
    }
    return GgufException.in(
        file, field, count + " bytes at position " + position(), found, GgufException.DAMAGED);
  }

  private void need(int count, String field) throws IOException {
    if (window.remaining() >= count) {
      return;
    }
    if (count > remaining()) {
      throw ends(count, field);
    }
    window.compact();
    window.limit((int) Math.min(window.capacity(), window.position() + (end - read)));
    while (window.position() < count) {
      int got = bytes.read(window, read);
      if (got < 0) {
        window.flip();
        throw ends(count, field);
      }
      read += got;
    }
    window.flip();
  }
}
