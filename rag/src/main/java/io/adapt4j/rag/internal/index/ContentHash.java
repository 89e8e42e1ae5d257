package io.adapt4j.rag.internal.index;

import io.adapt4j.rag.document.Document;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Returns whether a document has changed. */
public final class ContentHash {

  private ContentHash() {}

  /**
   * Hashes title, text and metadata. {@link Document#MODIFIED} is left out: a file that was copied
   * or touched says the same as before.
   */
  public static String of(Document document) {
    MessageDigest digest = sha256();
    add(digest, document.title());
    add(digest, document.text());
    document
        .metadata()
        .forEach(
            (field, value) -> {
              if (!field.equals(Document.MODIFIED)) {
                add(digest, field);
                add(digest, value.getClass().getSimpleName() + value);
              }
            });
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The length stands before each part, so that no two lists of parts hash alike. */
  private static void add(MessageDigest digest, String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
