package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.internal.FileDigest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Delimiter word for quoted texts. It is a hash of the texts, so that no text can contain it and
 * the same texts give the same prompt.
 */
final class Boundary {

  private static final int DIGITS = 12;

  private Boundary() {}

  static String of(List<String> texts) {
    for (int attempt = 0; ; attempt++) {
      MessageDigest digest = FileDigest.sha256();
      for (String text : texts) {
        digest.update((attempt + "\n" + text).getBytes(StandardCharsets.UTF_8));
      }
      String word = HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
      if (texts.stream().noneMatch(text -> text.contains(word))) {
        return word;
      }
    }
  }
}
