package io.adapt4j.gguf.internal.tokenizer;

import java.util.Set;

/** Recognizes chat control tokens that are not declared as such. */
final class SpecialLooks {

  private static final Set<String> TEXTS = Set.of("<pad>", "<mask>", "<2mass>", "[@BOS@]");

  private SpecialLooks() {}

  static boolean of(String token) {
    return TEXTS.contains(token)
        || (token.startsWith("<|") && token.endsWith("|>"))
        || (token.startsWith("<\uff5c") && token.endsWith("\uff5c>"))
        || (token.startsWith("<unused") && token.endsWith(">"));
  }

  /** Returns a user-defined token with literal spaces. */
  static String spaced(String token) {
    return token.replace('\u2581', ' ');
  }
}
