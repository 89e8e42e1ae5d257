package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tokens of a {@code tokenizer.json}: those of the model and those added to it. */
final class Vocabulary {

  private static final String DOWNLOAD = "Download the file again.";
  static final int LARGEST_ID = 1 << 24;

  private final Path file;
  private final Map<String, Integer> ids = new HashMap<>();
  private final BitSet special = new BitSet();
  private @Nullable String[] tokens = {};

  private Vocabulary(Path file) {
    this.file = file;
  }

  static Vocabulary read(Path file, JsonNode root) {
    Vocabulary vocabulary = new Vocabulary(file);
    JsonNode vocab = root.path("model").path("vocab");
    if (vocab.isObject()) {
      vocab
          .properties()
          .forEach(entry -> vocabulary.add("model.vocab", entry.getKey(), entry.getValue()));
    } else if (vocab.isArray()) {
      vocabulary.addScoredTokens(vocab);
    } else {
      throw vocabulary.invalid("model.vocab", "an object or an array of tokens", vocab);
    }
    for (JsonNode added : root.path("added_tokens")) {
      vocabulary.addAdded(added);
    }
    vocabulary.indexTokens();
    return vocabulary;
  }

  int size() {
    return tokens.length;
  }

  /** Returns null for an id without a token. */
  @Nullable String token(int id) {
    return id < tokens.length ? tokens[id] : null;
  }

  Stream<String> tokens() {
    return Arrays.stream(tokens).filter(Objects::nonNull);
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  boolean isSpecial(int id) {
    return special.get(id);
  }

  private void addScoredTokens(JsonNode pairs) {
    int id = 0;
    for (JsonNode pair : pairs) {
      if (!pair.path(0).isTextual()) {
        throw invalid("model.vocab", "pairs of token and score", pair);
      }
      ids.put(pair.get(0).textValue(), id++);
    }
  }

  private void addAdded(JsonNode added) {
    if (!added.path("content").isTextual()) {
      throw invalid("added_tokens", "objects with a text 'content'", added);
    }
    int id = add("added_tokens", added.get("content").textValue(), added.path("id"));
    special.set(id, added.path("special").asBoolean(false));
  }

  private int add(String field, String token, JsonNode id) {
    if (!id.canConvertToInt() || id.intValue() < 0 || id.intValue() > LARGEST_ID) {
      throw invalid(
          field, "an id between 0 and " + LARGEST_ID + " for the token '" + token + "'", id);
    }
    ids.put(token, id.intValue());
    return id.intValue();
  }

  private void indexTokens() {
    int largest = -1;
    for (int id : ids.values()) {
      largest = Math.max(largest, id);
    }
    if (largest < 0) {
      throw CheckpointException.inField(
          file, "model.vocab", "at least one token", "none", DOWNLOAD);
    }
    tokens = new String[largest + 1];
    ids.forEach((token, id) -> tokens[id] = token);
  }

  private CheckpointException invalid(String field, String expected, JsonNode found) {
    String text = found.isMissingNode() ? "nothing" : found.toString();
    return CheckpointException.inField(
        file,
        field,
        expected,
        text.length() > 120 ? text.substring(0, 120) + "..." : text,
        DOWNLOAD);
  }
}
