package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/**
 * The most characters of a text that one token stands for, where a tokenizer drops none: a text has
 * at least its length over this many tokens, which is known without encoding it.
 */
final class TokenReach {

  /** Characters that canonical composition may make one of, at most. */
  private static final int COMPOSED = 4;

  private TokenReach() {}

  /** The number of UTF-16 units; 0 where there is no bound. */
  static int of(JsonNode root, Vocabulary vocabulary) {
    JsonNode model = root.path("model");
    JsonNode preTokenizer = root.path("pre_tokenizer");
    boolean readsBytes =
        model.path("byte_fallback").asBoolean(false) || hasStep(preTokenizer, "ByteLevel");
    if (!type(model).equals("bpe") || !readsBytes || eatsSpaces(root.path("added_tokens"))) {
      return 0;
    }
    int shrinking = shrinking(root.path("normalizer"));
    if (shrinking == 0 || !keepsAll(preTokenizer)) {
      return 0;
    }
    return shrinking * vocabulary.tokens().mapToInt(String::length).max().orElse(0);
  }

  private static String type(JsonNode step) {
    return step.path("type").asText("").toLowerCase(Locale.ROOT);
  }

  private static boolean hasStep(JsonNode step, String name) {
    if (step.path("type").asText("").equals(name)) {
      return true;
    }
    for (JsonNode inner : step.path("pretokenizers")) {
      if (hasStep(inner, name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean eatsSpaces(JsonNode addedTokens) {
    for (JsonNode added : addedTokens) {
      if (added.path("lstrip").asBoolean(false) || added.path("rstrip").asBoolean(false)) {
        return true;
      }
    }
    return false;
  }

  /** How many characters a normalizer makes one of at most; 0 where it may drop some. */
  private static int shrinking(JsonNode normalizer) {
    return switch (type(normalizer)) {
      case "", "prepend" -> 1;
      case "nfc" -> COMPOSED;
      case "replace" -> {
        JsonNode replaced = normalizer.path("pattern").path("String");
        boolean keeps =
            replaced.isTextual()
                && replaced.textValue().length() <= normalizer.path("content").asText().length();
        yield keeps ? 1 : 0;
      }
      case "sequence" -> {
        int product = 1;
        for (JsonNode inner : normalizer.path("normalizers")) {
          product *= shrinking(inner);
        }
        yield product;
      }
      default -> 0;
    };
  }

  private static boolean keepsAll(JsonNode preTokenizer) {
    for (JsonNode inner : preTokenizer.path("pretokenizers")) {
      if (!keepsAll(inner)) {
        return false;
      }
    }
    return switch (type(preTokenizer)) {
      case "", "sequence", "bytelevel", "metaspace", "digits" -> true;
      case "split", "punctuation" ->
          !preTokenizer.path("behavior").asText("").equalsIgnoreCase("Removed");
      default -> false;
    };
  }
}
