package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDigestTest {

  @TempDir Path folder;

  @Test
  void theChecksumsAreThePublishedOnes() throws IOException {
    Path file = folder.resolve("a");
    Files.writeString(file, "abc");
    assertThat(FileDigest.sha256(file))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Files.writeString(file, "123456789");
    assertThat(FileDigest.crc32c(file)).isEqualTo("e3069283");
    Files.write(file, new byte[0]);
    assertThat(FileDigest.crc32c(file)).isEqualTo("00000000");
  }

  @Test
  void everyByteOfALargeFileCounts() throws IOException {
    Path file = folder.resolve("a");
    byte[] content = new byte[(2 << 20) + 5];
    Arrays.fill(content, (byte) 3);
    Files.write(file, content);
    CRC32C checksum = new CRC32C();
    checksum.update(content);
    assertThat(FileDigest.crc32c(file)).isEqualTo(FileDigest.hex(checksum));
    assertThat(FileDigest.sha256(file))
        .isEqualTo(HexFormat.of().formatHex(FileDigest.sha256().digest(content)));
  }

  @Test
  void numbersAreAddedWithTheirCountBeforeThem() {
    MessageDigest digest = FileDigest.sha256();
    FileDigest.update(digest, new int[] {5, -1});
    byte[] bytes = ByteBuffer.allocate(12).putInt(2).putInt(5).putInt(-1).array();
    assertThat(digest.digest()).isEqualTo(FileDigest.sha256().digest(bytes));
  }
}
