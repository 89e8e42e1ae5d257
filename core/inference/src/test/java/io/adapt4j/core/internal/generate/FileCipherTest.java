package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted files: their format, and every change of one noticed. */
class FileCipherTest {

  private static final byte[] KEY = new byte[FileCipher.KEY];

  /** Made with OpenSSL and Python's hmac from {@link #KEY} and a salt of 100, 101 and so on. */
  private static final String ELSEWHERE =
      "41344a43525950546465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
          + "e349a0d416d01c9706ddec4ca0dfb7e2ca2d6539a89b81760e2373"
          + "e4d303f3cf3d8c3e54485977b84d01e19dc76ebd56faafecc185cfadf38000f6";

  static {
    for (int i = 0; i < KEY.length; i++) {
      KEY[i] = (byte) i;
    }
  }

  @TempDir private Path folder;

  private final FileCipher cipher = new FileCipher(KEY);

  private byte[] read(Path file, @Nullable FileCipher with) throws IOException {
    try (FileCipher.Source source = FileCipher.open(file, with, true)) {
      ByteBuffer all = ByteBuffer.allocate((int) source.left());
      while (source.read(all) > 0) {
        assertThat(source.left()).isEqualTo(all.remaining());
      }
      return all.array();
    }
  }

  private Path written(String name, byte[] contents) throws IOException {
    Path file = folder.resolve(name);
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        WritableByteChannel plain = cipher.encrypt(channel)) {
      int half = contents.length / 2;
      plain.write(ByteBuffer.wrap(contents, 0, half));
      plain.write(ByteBuffer.wrap(contents, half, contents.length - half));
    }
    return file;
  }

  @Test
  void aFileMadeElsewhereIsRead() throws IOException {
    Path file = folder.resolve("elsewhere");
    Files.write(file, HexFormat.of().parseHex(ELSEWHERE));
    assertThat(read(file, cipher))
        .isEqualTo("A prefix of a conversation.".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void contentsComeBackAndTwoFilesOfTheSameDiffer() throws IOException {
    byte[] contents = new byte[300_001];
    new Random(1).nextBytes(contents);
    Path one = written("one", contents);
    Path two = written("two", contents);
    assertThat(read(one, cipher)).isEqualTo(contents);
    assertThat(Arrays.mismatch(Files.readAllBytes(one), Files.readAllBytes(two))).isEqualTo(8);
  }

  @Test
  void aChangedByteAnEarlyEndAndAnotherKeyAreRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(written("file", new byte[50]));
    Path changed = folder.resolve("changed");
    for (int i = 0; i < bytes.length; i++) {
      byte[] other = bytes.clone();
      other[i] ^= 1;
      Files.write(changed, other);
      assertThatThrownBy(() -> read(changed, cipher)).isInstanceOf(CheckpointException.class);
      Files.write(changed, Arrays.copyOf(bytes, i));
      assertThatThrownBy(() -> read(changed, cipher)).isInstanceOf(CheckpointException.class);
    }
    Files.write(changed, bytes);
    byte[] otherKey = KEY.clone();
    otherKey[31] ^= 1;
    assertThatThrownBy(() -> read(changed, new FileCipher(otherKey)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("another key");
    assertThatThrownBy(() -> read(changed, null))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("encrypted");
    assertThatThrownBy(() -> new FileCipher(new byte[16]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32 bytes");
  }

  @Test
  void contentsAreWrittenAndReadWhole() throws IOException {
    byte[] contents = new byte[200_000];
    Arrays.fill(contents, (byte) 7);
    Path file = folder.resolve("whole");
    for (byte[] each : List.of(contents, new byte[0])) {
      cipher.write(file, each);
      assertThat(cipher.read(file)).isEqualTo(each);
    }
    assertThatThrownBy(() -> FileCipher.requirePlain(file)).hasMessageContaining("is encrypted");
    FileCipher.requirePlain(Files.write(folder.resolve("plain"), contents));
  }
}
