package io.adapt4j.gguf.internal.tokenizer;

import java.util.Set;

/** Tokens that control a chat though their files do not say so. */
final class SpecialLooks {

  private static final Set<String> TEXTS = Set.of("<pad>", "<mask>", "<2mass>", "[@BOS@]");

  private SpecialLooks() {}

  static boolean of(String token) {
    return TEXTS.contains(token)
        || (token.startsWith("<|") && token.endsWith("|>"))
        || (token.startsWith("<\uff5c") && token.endsWith("\uff5c>"))
        || (token.startsWith("<unused") && token.endsWith(">"));
  }

  /** Spaces of tokens that users define stand as such. */
  static String spaced(String token) {
    return token.replace('\u2581', ' ');
  }
}
