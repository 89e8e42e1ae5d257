package io.adapt4j.core.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BlobDigestTest {

  private static final String SHA256_OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  // printf abc | git hash-object --stdin
  private static final String GIT_ID_OF_ABC = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";
  private static final String GIT_ID_OF_NOTHING = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

  private static Optional<String> hash(String etag, long size, String content) {
    BlobDigest digest = BlobDigest.of(etag, size);
    ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(UTF_8));
    digest.update(bytes);
    assertThat(bytes.position()).isZero();
    return digest.finish();
  }

  @Test
  void largeFilesHaveTheirSha256() {
    assertThat(hash("0".repeat(64), 3, "abc")).contains(SHA256_OF_ABC);
    assertThat(hash("0".repeat(64), -1, "abc")).contains(SHA256_OF_ABC);
  }

  @Test
  void otherFilesHaveTheirGitId() {
    assertThat(hash("0".repeat(40), 3, "abc")).contains(GIT_ID_OF_ABC);
    assertThat(hash("0".repeat(40), 0, "")).contains(GIT_ID_OF_NOTHING);
  }

  @Test
  void anythingElseSaysNothing() {
    assertThat(hash("0".repeat(40), -1, "abc")).isEmpty();
    assertThat(hash("w-123", 3, "abc")).isEmpty();
  }

  @Test
  void whatWasTakenBeforeAResetIsForgotten() {
    for (int digits : new int[] {40, 64}) {
      BlobDigest digest = BlobDigest.of("0".repeat(digits), 3);
      digest.update(ByteBuffer.wrap("x".getBytes(UTF_8)));
      digest.reset();
      digest.update(ByteBuffer.wrap("abc".getBytes(UTF_8)));
      assertThat(digest.finish()).contains(digits == 40 ? GIT_ID_OF_ABC : SHA256_OF_ABC);
    }
  }
}
