package io.adapt4j.core.internal.encode;

import io.adapt4j.core.tokenize.Encoding;
import java.util.ArrayList;
import java.util.List;

/** A tokenized text or pair of texts. */
@SuppressWarnings("ArrayRecordComponent") // a carrier inside this package, never compared
record TokenSequence(int index, int[] ids, int[] typeIds) {

  static TokenSequence of(int index, Encoding encoding) {
    return new TokenSequence(index, encoding.ids(), encoding.typeIds());
  }

  /** Creates sequences of single texts, in order; all tokens are of type 0. */
  static List<TokenSequence> of(List<int[]> texts) {
    List<TokenSequence> sequences = new ArrayList<>();
    for (int[] ids : texts) {
      sequences.add(new TokenSequence(sequences.size(), ids, new int[ids.length]));
    }
    return sequences;
  }

  int length() {
    return ids.length;
  }
}
