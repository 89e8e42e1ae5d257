package io.adapt4j.core.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Facts about the tokenizer of a model folder. */
record TokenizerInfo(
    Optional<String> tokenizerClass,
    int vocabularySize,
    Map<String, String> specialTokens,
    int paddingId,
    Optional<String> paddingToken,
    OptionalInt maxLength) {

  /** Transformers writes 1e30 if there is no limit. */
  private static final int NO_LIMIT = 100_000_000;

  /** Copies the map. */
  public TokenizerInfo {
    specialTokens = Collections.unmodifiableMap(new LinkedHashMap<>(specialTokens));
  }

  /**
   * Loads the tokenizer to check that it can be used. Its configuration is an empty object if there
   * is none.
   */
  static TokenizerInfo read(Path folder, JsonNode config) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      Map<String, String> tokens = specialTokens(tokenizer);
      return new TokenizerInfo(
          Optional.ofNullable(config.path("tokenizer_class").textValue()),
          tokenizer.vocabularySize(),
          tokens,
          tokenizer.paddingId(),
          Stream.of("pad", "eos", "unk").map(tokens::get).filter(Objects::nonNull).findFirst(),
          maxLength(config.path("model_max_length")));
    }
  }

  private static Map<String, String> specialTokens(Tokenizer tokenizer) {
    Map<String, String> tokens = new LinkedHashMap<>();
    put(tokens, "bos", tokenizer.bosId(), tokenizer);
    put(tokens, "eos", tokenizer.eosId(), tokenizer);
    put(tokens, "unk", tokenizer.unkId(), tokenizer);
    put(tokens, "pad", tokenizer.padId(), tokenizer);
    return tokens;
  }

  private static void put(
      Map<String, String> tokens, String part, OptionalInt id, Tokenizer tokenizer) {
    if (id.isPresent()) {
      tokens.put(part, tokenizer.token(id.getAsInt()));
    }
  }

  private static OptionalInt maxLength(JsonNode value) {
    boolean limit = value.isNumber() && value.doubleValue() >= 1 && value.doubleValue() < NO_LIMIT;
    return limit ? OptionalInt.of(value.intValue()) : OptionalInt.empty();
  }
}
