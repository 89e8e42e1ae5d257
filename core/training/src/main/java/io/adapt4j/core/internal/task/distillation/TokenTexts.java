package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.regex.Pattern;

/** Bytes of a tokenizer's tokens, by which those of two tokenizers are compared. */
record TokenTexts(Tokenizer tokenizer, TokenBytes bytes) {

  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

  /** Pairs of ids of equal tokens. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Pairs(long[] student, long[] teacher) {}

  static TokenTexts of(Tokenizer tokenizer, String of) {
    try {
      return new TokenTexts(tokenizer, tokenizer.tokenBytes());
    } catch (CheckpointException e) {
      throw new TrainingException(
          "alignTokenizers: expected a tokenizer whose tokens have bytes of their own (byte-level or"
              + " SentencePiece) for "
              + of
              + ", found another kind. Choose a model with such a tokenizer.",
          e);
    }
  }

  boolean isSpecial(int id) {
    return tokenizer.isSpecial(id);
  }

  /** Returns the bytes that a token adds to a text, or how a special token is spelled. */
  byte[] text(int id, boolean atBeginning) {
    if (isSpecial(id)) {
      return tokenizer.token(id).getBytes(StandardCharsets.UTF_8);
    }
    return id >= bytes.size()
        ? new byte[0]
        : atBeginning ? bytes.atBeginning().bytes(id) : bytes.bytes(id);
  }

  /** Returns whether a token loses its leading space at the beginning of a text. */
  boolean losesSpace(int id) {
    return id < bytes.size() && bytes.length(id) != bytes.atBeginning().length(id);
  }

  /** Returns the token of another tokenizer that corresponds to a special token of this one. */
  OptionalInt special(int id, Tokenizer other) {
    if (is(id, tokenizer.eosId())) {
      return other.eosId();
    }
    if (is(id, tokenizer.bosId())) {
      return other.bosId();
    }
    OptionalInt found = other.id(tokenizer.token(id));
    return found.isPresent() && other.isSpecial(found.getAsInt()) ? found : OptionalInt.empty();
  }

  private static boolean is(int id, OptionalInt role) {
    return role.isPresent() && role.getAsInt() == id;
  }

  /**
   * Matches the embedding rows of two models whose tokens have the same bytes or the same role. Of
   * several tokens with the same bytes, the i-th ones are matched, whole tokens before byte tokens.
   */
  static Pairs pairs(TokenTexts student, long rows, TokenTexts teacher, long teacherRows) {
    Map<String, Queue<Integer>> byKey = new HashMap<>();
    for (int id : student.ids(rows)) {
      byKey.computeIfAbsent(student.key(id), key -> new ArrayDeque<>()).add(id);
    }
    List<Integer> own = new ArrayList<>();
    List<Integer> theirs = new ArrayList<>();
    for (int id : teacher.ids(teacherRows)) {
      Queue<Integer> left = byKey.get(teacher.key(id));
      if (left != null && !left.isEmpty()) {
        own.add(left.remove());
        theirs.add(id);
      }
    }
    return new Pairs(longs(own), longs(theirs));
  }

  private List<Integer> ids(long rows) {
    List<Integer> whole = new ArrayList<>();
    List<Integer> byteTokens = new ArrayList<>();
    for (int id = 0; id < rows; id++) {
      boolean isByte = hasToken(id) && BYTE_TOKEN.matcher(tokenizer.token(id)).matches();
      (isByte ? byteTokens : whole).add(id);
    }
    whole.addAll(byteTokens);
    return whole;
  }

  private boolean hasToken(int id) {
    return id < bytes.size() && (isSpecial(id) || bytes.length(id) > 0);
  }

  private String key(int id) {
    if (!hasToken(id)) {
      return "none";
    }
    if (!isSpecial(id)) {
      return "text " + new String(bytes.bytes(id), StandardCharsets.ISO_8859_1);
    }
    return is(id, tokenizer.eosId())
        ? "eos"
        : is(id, tokenizer.bosId()) ? "bos" : "special " + tokenizer.token(id);
  }

  private static long[] longs(List<Integer> ids) {
    return ids.stream().mapToLong(Integer::longValue).toArray();
  }
}
