package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files are refused with one exception, or read where the damage breaks no rule. */
class DamagedFileTest {

  private static final int MUTATIONS = 100_000;
  private static final int FILES = 300;

  /** What opening a sound file allocates, times ten. */
  private static final long MAX_ALLOCATED = 2L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;
  private Path file;
  private byte[] sound;
  private int headerBytes;

  @BeforeEach
  void writeSoundFile() throws IOException {
    file = folder.resolve("model.gguf");
    GgufMetadata metadata =
        GgufMetadata.builder()
            .string("general.architecture", "llama")
            .uint32("n", 7)
            .float32("f", 0.5f)
            .bool("b", true)
            .strings("tokens", List.of("<s>", "", "ä"))
            .int32s("types", new int[] {1, 2, 3})
            .float64s("d", new double[] {1})
            .bools("flags", new boolean[] {true, false})
            .integer("byte", ValueType.UINT8, 200)
            .integers("shorts", ValueType.INT16, new long[] {-1, 1})
            .build();
    List<BytesSource> tensors =
        List.of(
            BytesSource.counting("a.weight", TensorType.F32, 8L),
            BytesSource.counting("b.weight", TensorType.Q8_0, 32L, 3L),
            BytesSource.counting("c.weight", TensorType.Q4_K, 256L, 2L));
    GgufWriter.write(file, metadata, tensors);
    sound = Files.readAllBytes(file);
    headerBytes = (int) (sound.length - GgufHeader.align(32, 32) - 128 - 288);
    try (GgufFile read = GgufFile.open(file)) {
      assertThat(read.tensors()).hasSize(3);
    }
  }

  @Test
  void aFileThatEndsAnywhereIsRefused() throws IOException {
    int end = lastByteNeeded();
    for (int length = 0; length < end; length++) {
      Files.write(file, Arrays.copyOf(sound, length));
      assertThatExceptionOfType(GgufException.class)
          .as("%d bytes", length)
          .isThrownBy(() -> GgufFile.open(file).close())
          .withMessageStartingWith(file.toString());
    }
    Files.write(file, Arrays.copyOf(sound, end));
    GgufFile.open(file).close();
  }

  /** The padding behind the last tensor may be missing. */
  private int lastByteNeeded() {
    try (GgufFile read = GgufFile.open(file)) {
      long end = 0;
      for (GgufTensor tensor : read.tensors().values()) {
        end = Math.max(end, tensor.offset() + tensor.bytes());
      }
      long data = GgufHeader.align(end, 32);
      return (int) (sound.length - data + end);
    }
  }

  @Test
  void mutatedHeadersAreReadOrRefusedWithinBoundedMemory() throws IOException {
    Random random = new Random(20261127);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = mutate(random);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      refused += isHeaderRefused(mutated) ? 1 : 0;
      assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED);
    }
    assertThat(refused).isBetween(MUTATIONS / 10, MUTATIONS - MUTATIONS / 100);
  }

  private boolean isHeaderRefused(byte[] bytes) throws IOException {
    try {
      GgufHeader.read(file, (target, position) -> read(bytes, target, position), bytes.length);
      return false;
    } catch (GgufException refused) {
      assertThat(refused).hasMessageContaining(file.toString());
      return true;
    }
  }

  private static int read(byte[] bytes, ByteBuffer target, long position) {
    int count = (int) Math.min(target.remaining(), bytes.length - position);
    if (count <= 0) {
      return -1;
    }
    target.put(bytes, (int) position, count);
    return count;
  }

  @Test
  void mutatedFilesAreReadOrRefusedAsAWhole() throws IOException {
    Random random = new Random(7);
    int refused = 0;
    for (int i = 0; i < FILES; i++) {
      Files.write(file, mutate(random));
      refused += isRefused() ? 1 : 0;
    }
    assertThat(refused).isBetween(FILES / 10, FILES - 1);
  }

  private byte[] mutate(Random random) {
    byte[] mutated = sound.clone();
    int damages = 1 + random.nextInt(3);
    for (int i = 0; i < damages; i++) {
      int at = random.nextInt(headerBytes);
      switch (random.nextInt(5)) {
        case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutated[at] = (byte) random.nextInt(256);
        case 2 -> mutated[at] = (byte) (random.nextBoolean() ? 0xFF : 0);
        case 3 -> ByteBuffer.wrap(mutated).putInt(at, random.nextInt());
        default -> Arrays.fill(mutated, at, Math.min(headerBytes, at + 8), (byte) 0xFF);
      }
    }
    return random.nextInt(8) > 0 ? mutated : Arrays.copyOf(mutated, random.nextInt(sound.length));
  }

  private boolean isRefused() {
    try (GgufFile read = GgufFile.open(file)) {
      for (GgufTensor tensor : read.tensors().values()) {
        read.read(tensor, 0, ByteBuffer.allocate((int) tensor.bytes()));
      }
      return false;
    } catch (GgufException refused) {
      assertThat(refused).hasMessageContaining(file.toString());
      return true;
    }
  }

  @Test
  void aFileThatBecomesShorterIsNoticed() throws IOException {
    try (GgufFile read = GgufFile.open(file)) {
      GgufTensor tensor = read.tensor("c.weight");
      Files.write(file, Arrays.copyOf(sound, headerBytes));
      ByteBuffer target = ByteBuffer.allocate((int) tensor.bytes());
      assertThatExceptionOfType(GgufException.class)
          .isThrownBy(() -> read.read(tensor, 0, target))
          .withMessageContaining("tensor 'c.weight'")
          .withMessageContaining("the end of the file");
    }
  }
}
