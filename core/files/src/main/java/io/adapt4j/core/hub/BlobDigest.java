package io.adapt4j.core.hub;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Verifies content against its ETag: the SHA-256 of a file in large-file storage, or the id of a
 * git blob, which is the SHA-1 of {@code "blob " + length + NUL + content}. Other ETags cannot be
 * verified.
 */
final class BlobDigest {

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");

  private final Optional<MessageDigest> digest;
  private final byte[] header;

  private BlobDigest(Optional<MessageDigest> digest, byte[] header) {
    this.digest = digest;
    this.header = header;
    reset();
  }

  /** Returns the digest for an ETag and a size, which is -1 if unknown. */
  static BlobDigest of(String etag, long size) {
    if (SHA256.matcher(etag).matches()) {
      return new BlobDigest(Optional.of(algorithm("SHA-256")), new byte[0]);
    }
    if (SHA1.matcher(etag).matches() && size >= 0) {
      byte[] header = ("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII);
      return new BlobDigest(Optional.of(algorithm("SHA-1")), header);
    }
    return new BlobDigest(Optional.empty(), new byte[0]);
  }

  /** Forgets all content. */
  void reset() {
    digest.ifPresent(
        messageDigest -> {
          messageDigest.reset();
          messageDigest.update(header);
        });
  }

  /** Adds content without moving the buffer's position. */
  void update(ByteBuffer content) {
    digest.ifPresent(messageDigest -> messageDigest.update(content.duplicate()));
  }

  /** Returns the hash of all content, empty if the ETag is not a hash. Ends the digest. */
  Optional<String> finish() {
    return digest.map(messageDigest -> HexFormat.of().formatHex(messageDigest.digest()));
  }

  // Git identifies content by SHA-1; every Java platform has both algorithms.
  private static MessageDigest algorithm(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java lacks " + name, e);
    }
  }
}
