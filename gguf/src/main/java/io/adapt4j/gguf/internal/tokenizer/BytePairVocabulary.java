package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Byte-level BPE vocabulary: tokens with their types, and merges in order. */
final class BytePairVocabulary {

  private BytePairVocabulary() {}

  static void require(TokenizerFolder folder) {
    JsonNode model = folder.requireTokenizer().path("model");
    if (!model.path("type").asText("BPE").equals("BPE") || !model.has("merges")) {
      throw new CheckpointException(
          folder.path().resolve("tokenizer.json")
              + ": model.type: expected BPE, found "
              + model.path("type").asText("none")
              + ". Tokenizers of another kind are not exported.");
    }
  }

  static Vocabulary read(TokenizerFolder folder, int size) {
    JsonNode root = folder.requireTokenizer();
    Vocabulary vocabulary = new Vocabulary(size, 0);
    Map<String, JsonNode> added = new HashMap<>();
    root.path("added_tokens").forEach(token -> added.put(token.path("content").asText(), token));
    root.path("model")
        .path("vocab")
        .properties()
        .forEach(
            entry -> {
              if (!added.containsKey(entry.getKey())) {
                put(folder, vocabulary, entry.getValue(), entry.getKey(), TokenType.NORMAL);
              }
            });
    for (JsonNode token : root.path("added_tokens")) {
      String text = token.path("content").asText();
      boolean control = token.path("special").asBoolean(false) || SpecialLooks.of(text);
      put(
          folder,
          vocabulary,
          token.path("id"),
          control ? text : SpecialLooks.spaced(text),
          control ? TokenType.CONTROL : TokenType.USER_DEFINED);
    }
    return vocabulary;
  }

  private static void put(
      TokenizerFolder folder, Vocabulary vocabulary, JsonNode id, String text, TokenType type) {
    if (id.asInt() >= vocabulary.size()) {
      throw new CheckpointException(
          folder.path().resolve("tokenizer.json")
              + ": token '"
              + text
              + "': expected an id below the "
              + vocabulary.size()
              + " rows of the embedding, found "
              + id.asInt()
              + ". Use the tokenizer that belongs to the model.");
    }
    vocabulary.put(id.asInt(), text, 0, type);
  }

  /** Returns the merges as "left right", with spaces inside a part spelled as in the vocabulary. */
  static List<String> merges(TokenizerFolder folder) {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : folder.requireTokenizer().path("model").path("merges")) {
      merges.add(
          merge.isArray()
              ? merge.path(0).asText().replace(' ', '\u0120')
                  + " "
                  + merge.path(1).asText().replace(' ', '\u0120')
              : merge.asText());
    }
    return merges;
  }
}
