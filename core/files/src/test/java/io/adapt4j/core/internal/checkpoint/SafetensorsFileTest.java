package io.adapt4j.core.internal.checkpoint;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {

  @TempDir Path folder;

  @Test
  void readsNamesTypesShapesMetadataAndBytes() throws IOException {
    Path file =
        write(
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[1,3],\"data_offsets\":[8,11]}}",
            floatsThenBytes());
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertThat(tensors.metadata()).containsOnly(Map.entry("format", "pt"));
      assertThat(tensors.entries().keySet()).containsExactly("b", "a");
      TensorEntry entry = tensors.entry("a");
      assertThat(entry.type()).isEqualTo(StoredType.U8);
      assertThat(entry.shape()).containsExactly(1L, 3L);
      assertThat(entry.elements()).isEqualTo(3);
      assertThat(entry.dimensions()).containsExactly(1, 3);
      ByteBuffer bytes = tensors.bytes("b");
      assertThat(bytes.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
      assertThat(bytes.getFloat(4)).isEqualTo(-2.5f);
      assertThat(tensors.bytes("b", 4, 4).getFloat()).isEqualTo(-2.5f);
      assertThat(TestTensors.array(tensors.bytes("a"))).containsExactly(7, 8, 9);
      assertThatThrownBy(() -> bytes.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
    }
  }

  @Test
  void readsScalarsAndEmptyTensors() throws IOException {
    Path file =
        write(
            "{\"none\":{\"dtype\":\"I64\",\"shape\":[0,9223372036854775807],\"data_offsets\":[1,1]},"
                + "\"one\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[0,1]}}",
            new byte[] {1});
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertThat(tensors.entry("none").elements()).isZero();
      assertThat(tensors.bytes("none").remaining()).isZero();
      assertThat(tensors.entry("one").elements()).isOne();
    }
  }

  @Test
  void readsTensorsBeyondTwoGibibytes() throws IOException {
    long big = 3L << 30;
    Path file = folder.resolve("sparse.safetensors");
    String header =
        "{\"big\":{\"dtype\":\"U8\",\"shape\":["
            + big
            + "],\"data_offsets\":[0,"
            + big
            + "]},\"last\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":["
            + big
            + ","
            + (big + 1)
            + "]}}";
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(encode(header, new byte[0]));
      long dataStart = channel.position();
      channel.write(ByteBuffer.wrap(new byte[] {42}), dataStart + big);
    }
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertThat(tensors.bytes("last").get()).isEqualTo((byte) 42);
      assertThat(tensors.bytes("big", big - 2, 2).remaining()).isEqualTo(2);
      assertThatExceptionOfType(CheckpointException.class)
          .isThrownBy(() -> tensors.bytes("big"))
          .withMessageContaining("'big'")
          .withMessageContaining("bytes(name, offset, length)");
      refuses(IndexOutOfBoundsException.class, () -> tensors.bytes("big", big, 1));
    }
  }

  @Test
  void viewsOutliveTheFileAndClosingTwiceIsHarmless() throws IOException {
    Path file =
        write("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", new byte[] {5});
    SafetensorsFile tensors = SafetensorsFile.open(file);
    ByteBuffer view = tensors.bytes("a");
    tensors.close();
    tensors.close();
    assertThat(view.get()).isEqualTo((byte) 5);
    refuses(IllegalStateException.class, () -> tensors.bytes("a"), "closed");
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          [1]                                                                  | a JSON object
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}                | not valid JSON
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x             | not valid JSON
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} {}            | text after the object
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":1}         | Duplicate
          {"a":1}                                                              | dtype nothing
          {"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}               | dtype "F31"
          {"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}                 | an array as shape
          {"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}              | integers as shape
          {"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}             | integers as shape
          {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}} | 2^63 bytes for F32[4294967296, 4294967296], found 4 bytes between
          {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}  | integers
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}                 | two data_offsets
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}               | found [4, 0]. The file is damaged
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}               | found [0, 8]. The file is incomplete
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}               | expected 8 bytes for F32[2], found 4 bytes between
          {"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}} | at byte 3 of the data section, found an overlap: it begins at byte 2
          {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}} | at byte 1 of the data section, found a hole: it begins at byte 2
          {"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}                | expected 3 bytes of tensor data, as the header says, found 4 bytes
          {"__metadata__":{"x":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} | __metadata__
          """)
  void refusesMalformedHeaders(String header, String complaint) throws IOException {
    Path file = write(header, new byte[4]);
    refuses(
        CheckpointException.class, () -> SafetensorsFile.open(file), file.toString(), complaint);
  }

  @Test
  void refusesFilesThatEndBeforeTheirHeader() throws IOException {
    Path file = folder.resolve("short.safetensors");
    Files.write(file, new byte[7]);
    assertRefused(file, "at least 8 bytes");
    Files.write(file, new byte[8]);
    assertRefused(file, "a JSON object as header, found nothing");
    Files.write(file, header(100).put((byte) '{').array());
    assertRefused(file, "header length of 100");
    Files.write(file, header(3).put((byte) '{').put((byte) '}').array());
    assertRefused(file, "inside the file of 10 bytes, found a header length of 3");
    Files.write(file, header(100_000_001).array());
    assertRefused(file, "at most 100000000 bytes");
    Files.write(file, header(-1).array());
    assertRefused(file, "header length of 18446744073709551615");
    Files.write(file, header(2).put((byte) 0xff).put((byte) 0xfe).array());
    assertRefused(file, "not UTF-8");
    assertRefused(folder.resolve("absent.safetensors"), "no file");
    assertRefused(folder, "not a file");
  }

  @Test
  void aLongTextIsShortenedInTheRefusal() throws IOException {
    String eighty = "x".repeat(78);
    assertRefused(write("[\"" + eighty.substring(2) + "\"]", new byte[0]), "xx\"]. The file");
    assertRefused(write("[\"" + eighty + "\"]", new byte[0]), "xx...");
  }

  @Test
  void aMetadataOfNullIsNone() throws IOException {
    try (SafetensorsFile tensors =
        SafetensorsFile.open(write("{\"__metadata__\":null}", new byte[0]))) {
      assertThat(tensors.metadata()).isEmpty();
    }
  }

  @Test
  void copiesPiecesIntoMemoryOfTheCaller() throws IOException {
    Path file =
        write(
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
            new byte[] {1, 2, 3, 4, 5, 6});
    SafetensorsFile tensors = SafetensorsFile.open(file);
    ByteBuffer target = ByteBuffer.allocate(5).position(1).limit(4);
    tensors.read("b", 1, target);
    assertThat(target.array()).containsExactly(0, 4, 5, 6, 0);
    assertThat(target.hasRemaining()).isFalse();
    assertThatThrownBy(() -> tensors.read("b", 2, target.position(0).limit(3)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(tensors.storedType("b")).isEqualTo("U8");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) - 2));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> tensors.read("b", 0, target.position(0).limit(4)))
        .withMessageContainingAll(file.toString(), "the file ends inside tensor b");
    tensors.close();
    assertThatThrownBy(() -> tensors.read("b", 0, target.position(0).limit(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void everyFlippedByteOfAFileWithAChecksumIsFound() throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafetensorsWriter.create()
        .withChecksum()
        .withMetadata(Map.of("format", "pt"))
        .writeFile(file, List.of(TestTensors.floats("a", 1, 2, 3), TestTensors.floats("b", 4, 5)));
    byte[] content = Files.readAllBytes(file);
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertThat(tensors.isIntact()).isTrue();
      assertThat(tensors.metadata()).containsOnlyKeys("format", "adapt4j.crc32c");
    }
    int opened = 0;
    for (int i = 0; i < content.length; i++) {
      byte[] damaged = content.clone();
      damaged[i] ^= 1;
      Files.write(file, damaged);
      try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
        opened++;
        boolean isNamed = tensors.metadata().containsKey("adapt4j.crc32c");
        assertThat(isNamed && tensors.isIntact()).as("byte %d", i).isFalse();
      } catch (CheckpointException e) {
        // Refused already.
      }
    }
    assertThat(opened).isGreaterThan(20);
  }

  @Test
  void theChecksumIsOfTheBytesWithZerosForItsDigits() throws IOException {
    Path file = folder.resolve("x.safetensors");
    byte[] large = new byte[(2 << 20) + 3];
    Arrays.fill(large, (byte) 9);
    TensorData tensor =
        TensorData.of(
            "a", StoredType.U8, List.of((long) large.length), () -> ByteBuffer.wrap(large));
    SafetensorsWriter.create().withChecksum().writeFile(file, List.of(tensor));
    SafetensorsFile tensors = SafetensorsFile.open(file);
    String stored = tensors.metadata().get("adapt4j.crc32c");
    byte[] content = Files.readAllBytes(file);
    int place = new String(content, StandardCharsets.ISO_8859_1).indexOf(stored);
    Arrays.fill(content, place, place + 8, (byte) '0');
    CRC32C checksum = new CRC32C();
    checksum.update(content);
    assertThat(stored).isEqualTo(String.format("%08x", checksum.getValue()));
    assertThat(tensors.isIntact()).isTrue();
    tensors.close();
    assertThatThrownBy(tensors::isIntact).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aFileWithoutAChecksumIsTakenForIntact() throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(write("{}", new byte[0]))) {
      assertThat(tensors.isIntact()).isTrue();
    }
  }

  @Test
  void namesTheTensorThatIsNotThere() throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(write("{}", new byte[0]))) {
      assertThat(tensors.entries()).isEmpty();
      refuses(CheckpointException.class, () -> tensors.bytes("lm_head.weight"), "'lm_head.weight'");
    }
  }

  private static void assertRefused(Path file, String complaint) {
    refuses(
        CheckpointException.class, () -> SafetensorsFile.open(file), file.toString(), complaint);
  }

  private Path write(String header, byte[] data) throws IOException {
    return Files.write(folder.resolve("x.safetensors"), encode(header, data).array());
  }

  private static ByteBuffer encode(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .flip();
  }

  private static ByteBuffer header(long length) {
    return ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
  }

  private static byte[] floatsThenBytes() {
    ByteBuffer data = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1f).putFloat(-2.5f);
    List.of(7, 8, 9).forEach(value -> data.put(value.byteValue()));
    return data.array();
  }
}
