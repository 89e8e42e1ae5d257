package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * BERT's WordPiece vocabulary: words are split greedily into the longest matching pieces. GGUF
 * files mark word-initial pieces rather than continuations.
 */
final class WordPieceVocabulary {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String WORD = "\u2581";
  private static final String GOES_ON = "##";

  private static final Map<String, String> ROLES =
      Map.of("bos", "[CLS]", "sep", "[SEP]", "unk", "[UNK]", "pad", "[PAD]", "mask", "[MASK]");

  private WordPieceVocabulary() {}

  static boolean isOf(JsonNode tokenizer) {
    JsonNode model = tokenizer.path("model");
    return model.path("type").asText("").equals("WordPiece")
        || (!model.has("type")
            && model.has("continuing_subword_prefix")
            && model.has("max_input_chars_per_word"));
  }

  static void write(TokenizerFolder folder, int size, GgufMetadata.Builder target) {
    JsonNode root = folder.requireTokenizer();
    requireSupported(folder, root);
    target.string(PREFIX + "model", "bert");
    target.string(PREFIX + "pre", "default");
    read(root, size).write(target, false);
    SpecialVocabulary special = SpecialVocabulary.read(folder, size);
    special.fill(ROLES, folder);
    special.write(target);
    // Without these llama.cpp lowercases texts and strips accents.
    JsonNode normalizer = root.path("normalizer");
    boolean lowercase = normalizer.path("lowercase").asBoolean(true);
    target.bool(PREFIX + "normalizer.lowercase", lowercase);
    target.bool(
        PREFIX + "normalizer.strip_accents", normalizer.path("strip_accents").asBoolean(lowercase));
  }

  private static Vocabulary read(JsonNode root, int size) {
    Vocabulary vocabulary = new Vocabulary(size, 0);
    for (int id = 0; id < size; id++) {
      vocabulary.put(id, WORD + "[PAD" + id + "]", 0, TokenType.UNUSED);
    }
    Set<String> added = new HashSet<>();
    root.path("added_tokens").forEach(token -> added.add(token.path("content").asText()));
    root.path("model")
        .path("vocab")
        .properties()
        .forEach(
            entry -> {
              if (!added.contains(entry.getKey())) {
                put(vocabulary, entry.getValue(), marked(entry.getKey()), TokenType.NORMAL);
              }
            });
    for (JsonNode token : root.path("added_tokens")) {
      boolean special = token.path("special").asBoolean(false);
      String text = token.path("content").asText();
      put(
          vocabulary,
          token.path("id"),
          special ? text : marked(text),
          special ? TokenType.CONTROL : TokenType.USER_DEFINED);
    }
    return vocabulary;
  }

  private static String marked(String text) {
    return text.startsWith(GOES_ON) ? text.substring(GOES_ON.length()) : WORD + text;
  }

  private static void put(Vocabulary vocabulary, JsonNode id, String text, TokenType type) {
    if (id.asInt() < vocabulary.size()) {
      vocabulary.put(id.asInt(), text, 0, type);
    }
  }

  private static void requireSupported(TokenizerFolder folder, JsonNode root) {
    JsonNode normalizer = root.path("normalizer");
    require(
        folder,
        normalizer.path("type").asText().equals("BertNormalizer")
            && normalizer.path("clean_text").asBoolean(true)
            && normalizer.path("handle_chinese_chars").asBoolean(true),
        "normalizer",
        "BertNormalizer with clean_text and handle_chinese_chars");
    require(
        folder,
        root.path("pre_tokenizer").path("type").asText().equals("BertPreTokenizer"),
        "pre_tokenizer",
        "BertPreTokenizer");
    require(
        folder,
        root.path("model").path("continuing_subword_prefix").asText(GOES_ON).equals(GOES_ON),
        "model.continuing_subword_prefix",
        GOES_ON);
  }

  private static void require(
      TokenizerFolder folder, boolean condition, String field, String expected) {
    if (!condition) {
      throw new CheckpointException(
          folder.path().resolve("tokenizer.json")
              + ": "
              + field
              + ": expected "
              + expected
              + ", which llama.cpp has for WordPiece, found another one. Run this model here.");
    }
  }
}
