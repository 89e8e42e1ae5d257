package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.tokenizer.EndTokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Vocabulary of a GGUF file. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GgufVocabulary(List<String> tokens, long[] types, double[] scores) {

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;

  private static final String PREFIX = "tokenizer.ggml.";

  static GgufVocabulary read(Path file, GgufMetadata metadata) {
    List<String> tokens =
        metadata
            .strings(PREFIX + "tokens")
            .orElseThrow(() -> damaged(file, "tokens", "texts of tokens", "none"));
    long[] types =
        metadata
            .integers(PREFIX + "token_type")
            .orElseGet(
                () -> {
                  long[] normal = new long[tokens.size()];
                  Arrays.fill(normal, NORMAL);
                  return normal;
                });
    double[] scores = metadata.numbers(PREFIX + "scores").orElseGet(() -> new double[0]);
    if (types.length != tokens.size()) {
      throw damaged(file, "token_type", tokens.size() + " types", types.length + " of them");
    }
    if (scores.length != 0 && scores.length != tokens.size()) {
      throw damaged(file, "scores", tokens.size() + " scores", scores.length + " of them");
    }
    return new GgufVocabulary(tokens, types, scores);
  }

  static CheckpointException damaged(Path file, String key, String expected, String found) {
    return CheckpointException.inField(
        file, PREFIX + key, expected, found, "Fetch the file again.");
  }

  /** Returns whether a token is matched in texts verbatim, before merges. */
  boolean isAdded(int id) {
    return types[id] == CONTROL || types[id] == USER_DEFINED || types[id] == UNKNOWN;
  }

  /** Returns control tokens that end an answer though the file does not declare them so. */
  List<Integer> endTokens() {
    return IntStream.range(0, types.length)
        .filter(id -> types[id] == CONTROL && EndTokens.isKnown(tokens.get(id)))
        .boxed()
        .toList();
  }

  /** Returns whether a token is special, that is never parsed from user text. */
  boolean isSpecial(int id) {
    return types[id] == CONTROL || types[id] == UNKNOWN;
  }

  /** Returns whether an id only pads the embedding. */
  boolean isPlaceholder(int id) {
    return types[id] == UNUSED && tokens.get(id).endsWith("[PAD" + id + "]");
  }

  /**
   * Returns the merges of SentencePiece: pairs whose concatenation is a token, by descending score
   * of that token. If all scores are equal, as from converters without scores, by ascending id.
   */
  List<String[]> merges() {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (types[id] == NORMAL) {
        ids.putIfAbsent(tokens.get(id), id);
      }
    }
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      if (types[id] == NORMAL) {
        for (int at = token.offsetByCodePoints(0, token.isEmpty() ? 0 : 1);
            at < token.length();
            at = token.offsetByCodePoints(at, 1)) {
          String left = token.substring(0, at);
          String right = token.substring(at);
          if (ids.containsKey(left) && ids.containsKey(right)) {
            merges.add(new Merge(id, left, right));
          }
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble((Merge merge) -> scores.length == 0 ? 0 : -scores[merge.id()])
            .thenComparingInt(Merge::id)
            .thenComparingInt(merge -> -merge.left().length()));
    return merges.stream().map(merge -> new String[] {merge.left(), merge.right()}).toList();
  }

  /** A merge of two tokens into one. */
  private record Merge(int id, String left, String right) {}
}
