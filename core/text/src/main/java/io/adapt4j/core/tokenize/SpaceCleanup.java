package io.adapt4j.core.tokenize;

/**
 * Removes the spaces before English punctuation and contractions, as Transformers does in decoding
 * if {@code clean_up_tokenization_spaces} is true: the same replacements in the same order.
 */
final class SpaceCleanup {

  private static final String[][] REPLACEMENTS = {
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"},
  };

  private SpaceCleanup() {}

  static String apply(String text) {
    String cleaned = text;
    for (String[] replacement : REPLACEMENTS) {
      cleaned = cleaned.replace(replacement[0], replacement[1]);
    }
    return cleaned;
  }

  /**
   * Returns the length of the longest prefix whose cleanup does not depend on what follows. It ends
   * before a space, and no replacement that crosses that space starts before it.
   */
  static int stableLength(String text) {
    for (int i = text.length() - 1; i > 0; i--) {
      char before = text.charAt(i - 1);
      if (text.charAt(i) == ' ' && before != ' ' && before != '\'' && before != 'n') {
        return i;
      }
    }
    return 0;
  }
}
