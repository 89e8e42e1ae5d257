package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class SafetensorsPropertiesTest {

  private Path file;

  @BeforeProperty
  void createFile() throws IOException {
    file = Files.createTempFile("tensors", ".safetensors");
  }

  @AfterProperty
  void deleteFile() throws IOException {
    Files.deleteIfExists(file);
  }

  @Property(tries = 200)
  void whatIsWrittenIsRead(@ForAll("tensorLists") List<TensorData> tensors) {
    SafetensorsWriter.create().writeFile(file, tensors);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.entries()).hasSameSizeAs(tensors);
      for (TensorData tensor : tensors) {
        TensorEntry entry = read.entry(tensor.name());
        assertThat(entry.type()).isEqualTo(tensor.type());
        assertThat(entry.shape()).isEqualTo(tensor.shape());
        assertThat(entry.offset() % entry.type().bytes()).isZero();
        byte[] bytes = TestTensors.array(read.bytes(tensor.name()));
        for (int i = 0; i < bytes.length; i++) {
          assertThat(bytes[i]).isEqualTo((byte) i);
        }
      }
    }
  }

  @Property(tries = 2000)
  void damagedFilesAreReadOrRefusedButNeverBreakAnythingElse(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int damages) throws IOException {
    Random random = new Random(seed);
    byte[] bytes = sound();
    for (int i = 0; i < damages; i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    if (random.nextInt(4) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
    }
    Files.write(file, bytes);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      read.entries().keySet().forEach(read::bytes);
    } catch (CheckpointException refused) {
      assertThat(refused).hasMessageContaining(file.toString());
    }
  }

  @Provide
  Arbitrary<List<TensorData>> tensorLists() {
    Arbitrary<String> names =
        Arbitraries.strings()
            .all()
            .ofMinLength(1)
            .ofMaxLength(12)
            .filter(SafetensorsPropertiesTest::isText)
            .filter(name -> !name.equals(SafetensorsHeader.METADATA));
    Arbitrary<StoredType> types = Arbitraries.of(StoredType.class);
    Arbitrary<List<Long>> shapes = Arbitraries.longs().between(0, 4).list().ofMaxSize(4);
    return Combinators.combine(names, types, shapes)
        .as((name, type, shape) -> TestTensors.counting(name, type, 0, shape.toArray(Long[]::new)))
        .list()
        .ofMaxSize(8)
        .uniqueElements(TensorData::name);
  }

  private static boolean isText(String name) {
    return name.codePoints()
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private byte[] sound() throws IOException {
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(TestTensors.counting("a.weight", StoredType.BF16, 0, 3L, 2L));
    tensors.add(TestTensors.counting("b.weight", StoredType.F32, 0, 2L));
    tensors.add(TestTensors.counting("empty", StoredType.U8, 0, 0L));
    SafetensorsWriter.create().writeFile(file, tensors);
    return Files.readAllBytes(file);
  }
}
