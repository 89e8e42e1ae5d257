package io.adapt4j.gguf.internal.tokenizer;

import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The tokens of a file by id; unset ids are unused. */
final class Vocabulary {

  private final List<String> texts = new ArrayList<>();
  private final float[] scores;
  private final int[] types;

  Vocabulary(int size, float unusedScore) {
    scores = new float[size];
    types = new int[size];
    for (int id = 0; id < size; id++) {
      texts.add("[PAD" + id + "]");
      scores[id] = unusedScore;
      types[id] = TokenType.UNUSED.id();
    }
  }

  int size() {
    return types.length;
  }

  void put(int id, String text, float score, TokenType type) {
    texts.set(id, text);
    scores[id] = score;
    types[id] = type.id();
  }

  /** Sets the score of all tokens. */
  void score(float score) {
    Arrays.fill(scores, score);
  }

  /** Sets the type of tokens with certain texts. */
  void type(Set<String> named, TokenType type) {
    for (int id = 0; id < types.length; id++) {
      if (named.contains(texts.get(id))) {
        types[id] = type.id();
      }
    }
  }

  void write(GgufMetadata.Builder target, boolean scored) {
    target.strings("tokenizer.ggml.tokens", texts);
    if (scored) {
      target.float32s("tokenizer.ggml.scores", scores);
    }
    target.int32s("tokenizer.ggml.token_type", types);
  }
}
