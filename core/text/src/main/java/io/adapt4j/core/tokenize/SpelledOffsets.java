package io.adapt4j.core.tokenize;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Computes the offsets of tokens from their spelling. Byte-level vocabularies spell every text as
 * it is, so the offsets of an ASCII text follow from its tokens; asking the native side for them
 * takes as long as the tokenization. If a text is spelled differently, no offsets are found.
 */
record SpelledOffsets(Vocabulary vocabulary) {

  /** Texts that show whether a tokenizer leaves texts unchanged. */
  private static final List<String> PROBES = List.of(" a b ", "  ", "One  two\n\n three: \n");

  /** The character that represents byte 0; those up to the space follow. */
  private static final int BYTE_ZERO = 0x100;

  private static final int SPACE = BYTE_ZERO + ' ';
  private static final int DELETE = 127;
  private static final int DELETE_SPELLED = SPACE + 1;

  /** Probes the tokenizer; empty if its offsets cannot be computed from the spelling. */
  static Optional<SpelledOffsets> of(NativeTokenizer tokenizer, Vocabulary vocabulary) {
    SpelledOffsets offsets = new SpelledOffsets(vocabulary);
    return PROBES.stream().allMatch(probe -> offsets.agreesOn(probe, tokenizer))
        ? Optional.of(offsets)
        : Optional.empty();
  }

  private boolean agreesOn(String probe, NativeTokenizer tokenizer) {
    Encoding known = tokenizer.encodeWithOffsets(probe);
    int[] starts = new int[known.length()];
    int[] ends = new int[known.length()];
    return find(probe, known.ids(), starts, ends)
        && Arrays.equals(starts, known.starts())
        && Arrays.equals(ends, known.ends());
  }

  /**
   * Finds the start and end of each token. Returns false if the tokens do not spell the text, which
   * then has characters other than ASCII or was changed before tokenization.
   */
  boolean find(String text, int[] ids, int[] starts, int[] ends) {
    int at = 0;
    for (int i = 0; i < ids.length; i++) {
      String token = vocabulary.token(ids[i]);
      if (token == null || token.length() > text.length() - at) {
        return false;
      }
      for (int j = 0; j < token.length(); j++) {
        if (!spells(token.charAt(j), text.charAt(at + j))) {
          return false;
        }
      }
      starts[i] = at;
      at += token.length();
      ends[i] = at;
    }
    return at == text.length();
  }

  private static boolean spells(char inToken, char inText) {
    if (inToken == inText) {
      return inText < 128;
    }
    return inText <= ' '
        ? inToken == BYTE_ZERO + inText
        : inText == DELETE && inToken == DELETE_SPELLED;
  }
}
