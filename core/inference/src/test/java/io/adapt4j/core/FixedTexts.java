package io.adapt4j.core;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** An answer that is one of some texts, found by comparing every token with every text. */
record FixedTexts(List<String> texts) implements OutputConstraint {

  static FixedTexts of(String... texts) {
    return new FixedTexts(List.of(texts));
  }

  @Override
  public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
    return new State(vocabulary, atBeginning, new byte[0]);
  }

  private final class State implements ConstraintState {
    private final TokenBytes vocabulary;
    private final boolean atBeginning;
    private byte[] text;

    State(TokenBytes vocabulary, boolean atBeginning, byte[] text) {
      this.vocabulary = vocabulary;
      this.atBeginning = atBeginning;
      this.text = text;
    }

    @Override
    public TokenMask allowed() {
      BitSet allowed = new BitSet();
      for (int id = 0; id < vocabulary.size(); id++) {
        byte[] token = bytes(id);
        byte[] longer = joined(token);
        if (token.length > 0 && texts.stream().anyMatch(known -> startsWith(known, longer))) {
          allowed.set(id);
        }
      }
      return TokenMask.of(allowed);
    }

    private static boolean startsWith(String known, byte[] beginning) {
      byte[] bytes = known.getBytes(StandardCharsets.UTF_8);
      return bytes.length >= beginning.length
          && Arrays.equals(Arrays.copyOf(bytes, beginning.length), beginning);
    }

    private byte[] bytes(int id) {
      TokenBytes view = atBeginning && text.length == 0 ? vocabulary.atBeginning() : vocabulary;
      return view.bytes(id);
    }

    private byte[] joined(byte[] token) {
      ByteArrayOutputStream joined = new ByteArrayOutputStream();
      joined.writeBytes(text);
      joined.writeBytes(token);
      return joined.toByteArray();
    }

    @Override
    public boolean mayEnd() {
      return texts.contains(new String(text, StandardCharsets.UTF_8));
    }

    @Override
    public void accept(int tokenId) {
      if (!allowed().contains(tokenId)) {
        throw new IllegalArgumentException("token " + tokenId + " is not allowed");
      }
      text = joined(bytes(tokenId));
    }

    @Override
    public int allowedPrefix(int[] tokenIds) {
      State copy = new State(vocabulary, atBeginning, text);
      for (int i = 0; i < tokenIds.length; i++) {
        if (!copy.allowed().contains(tokenIds[i])) {
          return i;
        }
        copy.accept(tokenIds[i]);
      }
      return tokenIds.length;
    }
  }
}
