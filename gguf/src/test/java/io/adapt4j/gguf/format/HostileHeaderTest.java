package io.adapt4j.gguf.format;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a header claims is checked before memory is reserved for it. */
class HostileHeaderTest {

  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int F32 = 0;
  private static final long HUGE = Long.MIN_VALUE; // 2^63, unsigned

  @TempDir Path folder;

  static Stream<Arguments> headers() {
    return Stream.of(
        Arguments.of("another magic", new HeaderOutput().putLong(1).putLong(2), "the letters GGUF"),
        Arguments.of("version 1", version(1), "version: expected 2 or 3, found 1"),
        Arguments.of("version 4", version(4), "version: expected 2 or 3, found 4"),
        Arguments.of("big-endian", version(3 << 24), "found a big-endian file"),
        Arguments.of("2^63 tensors", counts(HUGE, 0), "number of tensors"),
        Arguments.of("2^62 tensors", counts(1L << 62, 0), "number of tensors"),
        Arguments.of("2^63 keys", counts(0, HUGE), "number of keys"),
        Arguments.of("more keys than bytes", counts(0, 1 << 20), "number of keys"),
        Arguments.of("a key of 2^63 bytes", counts(0, 1).putLong(HUGE).pad(64), "length of key 0"),
        Arguments.of(
            "a text of 2^40 bytes",
            key("k").putInt(STRING).putLong(1L << 40).pad(64),
            "length of key 'k'"),
        Arguments.of(
            "2^63 texts",
            key("k").putInt(ARRAY).putInt(STRING).putLong(HUGE).pad(64),
            "elements of key 'k'"),
        Arguments.of(
            "2^61 doubles",
            key("k").putInt(ARRAY).putInt(12).putLong(1L << 61).pad(64),
            "elements of key 'k'"),
        Arguments.of(
            "arrays of arrays",
            key("k").putInt(ARRAY).putInt(ARRAY).putLong(1).putInt(ARRAY).pad(64),
            "found an array of arrays"),
        Arguments.of("an unknown type", key("k").putInt(13).pad(64), "type of key 'k'"),
        Arguments.of(
            "a key twice",
            counts(0, 2).putString("k").putInt(4).putInt(1).putString("k").putInt(4).putInt(2),
            "key 'k': expected each key once"),
        Arguments.of(
            "a boolean of 2", key("k").putInt(7).putInt(2).pad(64), "booleans of 0 or 1, found 2"),
        Arguments.of(
            "a text that is not UTF-8",
            key("k").putInt(STRING).putLong(1).putInt(0xC3).pad(64),
            "expected text in UTF-8"),
        Arguments.of(
            "an alignment of 0", alignment(4, 0), "general.alignment': expected a power of two"),
        Arguments.of("an alignment of 24", alignment(4, 24), "expected a power of two"),
        Arguments.of("an alignment of 2^30", alignment(4, 1 << 30), "expected a power of two"),
        Arguments.of("an alignment that is a float", alignment(6, 0x42000000), "FLOAT32 32.0"),
        Arguments.of("5 dimensions", tensor(5, 1, 1, 1, 1, 1), "at most 4, found 5"),
        Arguments.of("2^32 - 1 dimensions", tensor(-1), "at most 4, found 4294967295"),
        Arguments.of(
            "a size of 2^64",
            place(tensor(2, 1L << 32, 1L << 32), F32, 0),
            "fewer than 2^63 values"),
        Arguments.of(
            "a size of 2^126",
            place(tensor(3, 1L << 42, 1L << 42, 1L << 42), F32, 0),
            "fewer than 2^63 values"),
        Arguments.of(
            "2^62 floats", place(tensor(1, 1L << 62), F32, 0), "fewer than 2^63 values and bytes"),
        Arguments.of(
            "a negative dimension", place(tensor(2, -4, -4), F32, 0), "fewer than 2^63 values"),
        Arguments.of(
            "an overflow hidden by a 0",
            place(tensor(3, 0, 1L << 62, 1L << 62), F32, 0),
            "fewer than 2^63 values"),
        Arguments.of(
            "a type of another time",
            place(tensor(1, 256), 31, 0),
            "type 31 (Q4_0_4_4, removed from llama.cpp)"),
        Arguments.of("a type beyond all", place(tensor(1, 256), -1, 0), "ggml type 4294967295"),
        Arguments.of(
            "rows that are no blocks",
            place(tensor(2, 48, 2), 8, 0),
            "rows of a multiple of 32 values for Q8_0, found [48, 2]"),
        Arguments.of(
            "outside of the file", place(tensor(1, 8), F32, 64), "32 bytes that end within the 64"),
        Arguments.of("far outside", place(tensor(1, 8), F32, 1L << 62), "end within the 64"),
        Arguments.of("at -32", place(tensor(1, 8), F32, -32), "multiple of 32 below 2^63"),
        Arguments.of("at the end of long", place(tensor(1, 8), F32, Long.MAX_VALUE - 31), "within"),
        Arguments.of(
            "unaligned", place(tensor(1, 8), F32, 4), "a multiple of 32 below 2^63, found 4"),
        Arguments.of(
            "overlapping",
            place(named(place(named(counts(2, 0), "a", 16), F32, 0), "b", 8), F32, 32),
            "offset of tensor 'b': expected at least 64"),
        Arguments.of(
            "a name twice",
            place(named(place(named(counts(2, 0), "a", 8), F32, 0), "a", 8), F32, 32),
            "tensor 'a': expected each name once"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("headers")
  void isRefusedWithTheFieldAndTheValue(String what, HeaderOutput header, String message)
      throws IOException {
    Path file = folder.resolve("model.gguf");
    byte[] bytes = header.pad(32).toBytes();
    Files.write(file, Arrays.copyOf(bytes, bytes.length + 64));
    assertThatExceptionOfType(GgufException.class)
        .as(what)
        .isThrownBy(() -> GgufFile.open(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining(message);
  }

  @Test
  void controlCharactersAndLongNamesDoNotReachTheMessage() throws IOException {
    Path file = folder.resolve("model.gguf");
    String name = "\u001b[31m" + "x".repeat(5000);
    byte[] bytes = counts(0, 1).putString(name).putInt(99).pad(32).toBytes();
    Files.write(file, bytes);
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufFile.open(file))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\u001b").hasSizeLessThan(500));
  }

  /** A file of 4 GB without content claims a header of that size. */
  @Test
  void headersAreBoundedInFilesOfAnySize() throws IOException {
    Path file = folder.resolve("model.gguf");
    byte[] bytes = key("k").putInt(ARRAY).putInt(0).putLong(1L << 31).toBytes();
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.write(bytes);
      sparse.setLength(4L << 30);
    }
    refuses(GgufException.class, () -> GgufFile.open(file), "elements of key 'k'");
  }

  @Test
  void versionTwoIsRead() throws IOException {
    Path file = folder.resolve("model.gguf");
    byte[] bytes =
        new HeaderOutput()
            .putInt(GgufHeader.MAGIC)
            .putInt(2)
            .putLong(0)
            .putLong(1)
            .putString("k")
            .putInt(4)
            .putInt(5)
            .toBytes();
    Files.write(file, bytes);
    try (GgufFile read = GgufFile.open(file)) {
      assertThat(read.metadata().integer("k")).hasValue(5);
    }
  }

  private static HeaderOutput version(int version) {
    return new HeaderOutput().putInt(GgufHeader.MAGIC).putInt(version).putLong(0).putLong(0);
  }

  private static HeaderOutput counts(long tensors, long keys) {
    return new HeaderOutput()
        .putInt(GgufHeader.MAGIC)
        .putInt(GgufHeader.VERSION)
        .putLong(tensors)
        .putLong(keys);
  }

  private static HeaderOutput key(String key) {
    return counts(0, 1).putString(key);
  }

  private static HeaderOutput alignment(int type, int bits) {
    return key(GgufMetadata.ALIGNMENT).putInt(type).putInt(bits);
  }

  private static HeaderOutput tensor(int dimensions, long... shape) {
    HeaderOutput header = counts(1, 0).putString("a").putInt(dimensions);
    for (long dimension : shape) {
      header.putLong(dimension);
    }
    return header;
  }

  private static HeaderOutput named(HeaderOutput header, String name, long values) {
    return header.putString(name).putInt(1).putLong(values);
  }

  private static HeaderOutput place(HeaderOutput header, int type, long offset) {
    return header.putInt(type).putLong(offset);
  }
}
