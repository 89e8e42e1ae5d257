package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/**
 * Maximum number of characters of a text per token, if a tokenizer drops none: a text has at least
 * its length divided by this many tokens, which is known without encoding it.
 */
final class TokenReach {

  /** Maximum number of characters that canonical composition merges into one. */
  private static final int COMPOSED = 4;

  private TokenReach() {}

  /** Returns the number of UTF-16 units; 0 if there is no bound. */
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

  /** Maximum number of characters that a normalizer merges into one; 0 if it may drop some. */
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
