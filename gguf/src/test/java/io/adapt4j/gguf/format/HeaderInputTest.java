package io.adapt4j.gguf.format;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Reading beyond the window of 64 KiB, to the last byte, and no further. */
class HeaderInputTest {

  private static final Path FILE = Path.of("model.gguf");
  private static final int WINDOW = 1 << 16;

  /** A file whose bytes count up, read in pieces of at most 1,000 bytes. */
  private static HeaderInput input(int size, long limit) {
    return new HeaderInput(
        FILE,
        (target, position) -> {
          int count = (int) Math.min(Math.min(1000, target.remaining()), size - position);
          for (int i = 0; i < count; i++) {
            target.put((byte) (position + i));
          }
          return count == 0 ? -1 : count;
        },
        size,
        limit);
  }

  private static long expected(long position, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.put(i, (byte) (position + i));
    }
    return bytes.getLong(0);
  }

  @Test
  void numbersAcrossWindowsAreReadToTheLastByte() throws IOException {
    int size = 2 * WINDOW + 12;
    HeaderInput input = input(size, size);
    assertThat(input.readInt("first")).isEqualTo((int) expected(0, 4));
    for (long at = 4; at < size; at += Long.BYTES) {
      assertThat(input.position()).isEqualTo(at);
      assertThat(input.remaining()).isEqualTo(size - at);
      assertThat(input.readLong("number")).isEqualTo(expected(at, 8));
    }
    refuses(GgufException.class, () -> input.readInt("more"), "more: expected 4 bytes at position");
  }

  @Test
  void bytesContinueAfterTheWindow() throws IOException {
    int size = 3 * WINDOW;
    HeaderInput input = input(size, size);
    input.readInt("first");
    byte[] bytes = input.readBytes(2 * WINDOW, "bytes");
    for (int i = 0; i < bytes.length; i++) {
      assertThat(bytes[i]).isEqualTo((byte) (i + 4));
    }
    assertThat(input.position()).isEqualTo(2 * WINDOW + 4);
    assertThat(input.readInt("next")).isEqualTo((int) expected(2 * WINDOW + 4, 4));
    assertThat(input.readBytes((int) input.remaining(), "rest")).hasSize(WINDOW - 8);
    refuses(
        GgufException.class,
        () -> input.readBytes(1, "more"),
        "more: expected 1 bytes at position 196608, found the end of the file of 196608 bytes");
  }

  @Test
  void countsAreThoseThatTheRestCanHold() throws IOException {
    assertThat(counted(4, 16).readCount("items", 4)).isEqualTo(4);
    refuses(GgufException.class, () -> counted(5, 16).readCount("items", 4), "16 bytes left");
    refuses(GgufException.class, () -> counted(-1, 16).readCount("items", 4), "items");
  }

  /** A count before some bytes. */
  private static HeaderInput counted(long count, int rest) {
    byte[] file =
        ByteBuffer.allocate(Long.BYTES + rest)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(count)
            .array();
    return of(file, file.length);
  }

  private static HeaderInput of(byte[] file, long size) {
    return new HeaderInput(
        FILE,
        (target, position) -> {
          int count = (int) Math.min(target.remaining(), file.length - position);
          target.put(file, (int) position, count);
          return count == 0 ? -1 : count;
        },
        size,
        size);
  }

  @Test
  void aHeaderEndsAtItsLimitEvenIfTheFileGoesOn() throws IOException {
    HeaderInput input = input(100, 8);
    assertThat(input.readLong("first")).isEqualTo(expected(0, 8));
    refuses(GgufException.class, () -> input.readInt("next"), "a header of at most 8 bytes");
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsRefused() throws IOException {
    byte[] text = "GGUF".getBytes(StandardCharsets.UTF_8);
    assertThat(of(text, 64).readBytes(4, "magic")).isEqualTo(text);
    refuses(GgufException.class, () -> of(text, 64).readBytes(8, "magic"), "magic: expected 4");
    refuses(GgufException.class, () -> of(text, 64).readLong("magic"), "magic: expected 8 bytes");
  }
}
