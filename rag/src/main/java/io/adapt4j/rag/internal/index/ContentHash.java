package io.adapt4j.rag.internal.index;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.rag.document.Document;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Content hash of documents, to detect changes. */
public final class ContentHash {

  private ContentHash() {}

  /**
   * Hashes title, text and metadata. {@link Document#MODIFIED} is excluded: copying or touching a
   * file does not change its content.
   */
  public static String of(Document document) {
    MessageDigest digest = FileDigest.sha256();
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

  /** Adds a part prefixed with its length, so that different lists of parts hash differently. */
  private static void add(MessageDigest digest, String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }
}
