package io.adapt4j.structured;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Walks through constraints with tokens. */
final class Walk {

  /** A token for each byte, so that nothing but the bytes decides. */
  static final TokenBytes BYTES = bytes();

  private Walk() {}

  private static TokenBytes bytes() {
    List<byte[]> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    return TokenBytes.of(tokens);
  }

  /** Bytes, and some texts of several, which cross the borders of what a grammar names. */
  static TokenBytes withPieces(String... pieces) {
    List<byte[]> tokens = new ArrayList<>();
    tokens.add(new byte[0]);
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    for (String piece : pieces) {
      tokens.add(piece.getBytes(StandardCharsets.UTF_8));
    }
    return TokenBytes.of(tokens);
  }

  static boolean accepts(OutputConstraint constraint, String text) {
    ConstraintState state = constraint.begin(BYTES, false);
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      int token = value & 0xFF;
      if (!state.allowed().contains(token)) {
        return false;
      }
      state.accept(token);
    }
    return state.mayEnd();
  }

  /** A text of random tokens, or null where it is not complete after so many. */
  static String random(OutputConstraint constraint, TokenBytes vocabulary, long seed, int most) {
    Random random = new Random(seed);
    ConstraintState state = constraint.begin(vocabulary, false);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int step = 0; step < most; step++) {
      TokenMask allowed = state.allowed();
      boolean end = state.mayEnd() && (allowed.count() == 0 || random.nextInt(4) == 0);
      if (end) {
        return text.toString(StandardCharsets.UTF_8);
      }
      if (allowed.count() == 0) {
        throw new IllegalStateException("stuck after " + text);
      }
      int token = chosen(allowed, vocabulary, random);
      text.writeBytes(vocabulary.bytes(token));
      state.accept(token);
    }
    return null;
  }

  /** One of the allowed tokens; ASCII and what ends things more often than the rest. */
  private static int chosen(TokenMask allowed, TokenBytes vocabulary, Random random) {
    boolean closing = random.nextInt(3) == 0;
    List<Integer> ids = new ArrayList<>();
    for (int id = allowed.next(0); id >= 0; id = allowed.next(id + 1)) {
      int first = vocabulary.at(id, 0);
      int weight =
          closing ? (first == '"' || first == '}' || first == ']' ? 400 : 1) : first < 128 ? 20 : 1;
      for (int i = 0; i < weight; i++) {
        ids.add(id);
      }
    }
    return ids.get(random.nextInt(ids.size()));
  }
}
