package io.adapt4j.serve;

import io.adapt4j.core.generate.TokenLogprobs;
import java.util.List;

/**
 * A piece of an answer.
 *
 * @param text may be empty at the end of an answer
 */
record Piece(String text, List<TokenLogprobs> tokens) {

  static Piece of(String text) {
    return new Piece(text, List.of());
  }
}
