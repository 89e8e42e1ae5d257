package io.adapt4j.rag.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a kill or a power cut can leave of kept vectors. Their file is no channel, so it cannot lie
 * on a disk of tests that fails: the file is damaged instead.
 */
class VectorFileDamageTest {

  private static final List<VectorKey> KEYS =
      List.of(new VectorKey(1, 1, 1, 1), new VectorKey(2, 2, 2, 2), new VectorKey(3, 3, 3, 3));

  @TempDir private Path folder;

  private static float[] vector(VectorKey key) {
    return new float[] {key.a(), key.b() / 3f};
  }

  private byte[] whole() throws Exception {
    Path file = folder.resolve("whole");
    try (VectorFile vectors = VectorFile.open(file, 2)) {
      for (VectorKey key : KEYS) {
        vectors.append(List.of(key), List.of(vector(key)));
      }
      vectors.force();
    }
    return Files.readAllBytes(file);
  }

  /** Every vector is right or not there, and what was lost can be stored again. */
  private void check(byte[] left) throws Exception {
    Path file = Files.write(folder.resolve("left"), left);
    try (VectorFile vectors = VectorFile.open(file, 2)) {
      for (VectorKey key : KEYS) {
        if (vectors.has(key)) {
          assertThat(vectors.find(key)).hasValue(vector(key));
        } else {
          vectors.append(List.of(key), List.of(vector(key)));
        }
      }
    }
    try (VectorFile vectors = VectorFile.open(file, 2)) {
      for (VectorKey key : KEYS) {
        assertThat(vectors.find(key)).hasValue(vector(key));
      }
    }
  }

  @Test
  void aFileThatEndsAnywhere() throws Exception {
    byte[] whole = whole();
    for (int length = 0; length <= whole.length; length++) {
      check(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void aFileWithZerosWhereBlocksWereNotWritten() throws Exception {
    byte[] whole = whole();
    Random random = new Random(3);
    for (int trial = 0; trial < 200; trial++) {
      byte[] left = whole.clone();
      int from = random.nextInt(left.length);
      Arrays.fill(left, from, from + random.nextInt(left.length - from + 1), (byte) 0);
      check(left);
    }
  }
}
