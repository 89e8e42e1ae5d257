package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.ValueType;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Vocabularies of SentencePiece's unigram models, as XLM-RoBERTa has one: a text is cut so that the
 * scores of its pieces add up to the most.
 */
final class UnigramVocabulary {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final float UNUSED_SCORE = -10_000;

  private UnigramVocabulary() {}

  static boolean isOf(JsonNode tokenizer) {
    return tokenizer.path("model").path("type").asText("").equals("Unigram");
  }

  static void write(TokenizerFolder folder, int size, GgufMetadata.Builder target) {
    JsonNode root = folder.requireTokenizer();
    Steps steps = new Steps(folder);
    steps.readNormalizer(root.path("normalizer"));
    steps.readPreTokenizer(root.path("pre_tokenizer"));
    if (root.path("model").path("byte_fallback").asBoolean(false)) {
      throw refused(folder, "model.byte_fallback", "false");
    }
    target.string(PREFIX + "model", "t5");
    target.string(PREFIX + "pre", "default");
    read(root, size).write(target, true);
    target.bool(PREFIX + "add_space_prefix", steps.prefixed);
    target.bool(PREFIX + "remove_extra_whitespaces", steps.merged);
    if (steps.characters.length > 0) {
      target.integers(PREFIX + "precompiled_charsmap", ValueType.UINT8, steps.characters);
    }
    SpecialVocabulary special = SpecialVocabulary.read(folder, size);
    special.fill(Map.of("unk", unknown(root), "pad", "<pad>", "mask", "<mask>"), folder);
    special.write(target);
  }

  private static String unknown(JsonNode root) {
    JsonNode model = root.path("model");
    return model.path("vocab").path(model.path("unk_id").asInt(0)).path(0).asText();
  }

  private static Vocabulary read(JsonNode root, int size) {
    Vocabulary vocabulary = new Vocabulary(size, UNUSED_SCORE);
    JsonNode model = root.path("model");
    Map<Integer, JsonNode> added = new HashMap<>();
    root.path("added_tokens").forEach(token -> added.put(token.path("id").asInt(), token));
    int unknown = model.path("unk_id").asInt(-1);
    int id = 0;
    for (JsonNode piece : model.path("vocab")) {
      if (id < size) {
        vocabulary.put(
            id,
            piece.path(0).asText(),
            piece.path(1).floatValue(),
            type(id, unknown, added.get(id)));
      }
      id++;
    }
    int pieces = id;
    added.forEach(
        (own, token) -> {
          if (own >= pieces && own < size) {
            vocabulary.put(own, token.path("content").asText(), 0, type(own, unknown, token));
          }
        });
    return vocabulary;
  }

  private static TokenType type(int id, int unknown, @Nullable JsonNode added) {
    if (id == unknown) {
      return TokenType.UNKNOWN;
    }
    if (added == null) {
      return TokenType.NORMAL;
    }
    return added.path("special").asBoolean(false) ? TokenType.CONTROL : TokenType.USER_DEFINED;
  }

  private static CheckpointException refused(
      TokenizerFolder folder, String field, String expected) {
    return new CheckpointException(
        folder.path().resolve("tokenizer.json")
            + ": "
            + field
            + ": expected "
            + expected
            + ", which llama.cpp has for unigram models, found another one. Run this model here.");
  }

  /** What happens to a text before it is cut. */
  private static final class Steps {

    private final TokenizerFolder folder;
    private long[] characters = {};
    private boolean prefixed;
    private boolean merged;

    Steps(TokenizerFolder folder) {
      this.folder = folder;
    }

    void readNormalizer(JsonNode step) {
      switch (step.path("type").asText("")) {
        case "" -> {
          // There is none.
        }
        case "Sequence" -> step.path("normalizers").forEach(this::readNormalizer);
        case "Precompiled" -> readCharacters(step);
        case "Replace" -> {
          String pattern = step.path("pattern").path("Regex").asText("");
          if (!pattern.matches("( |\\\\s)(\\{2,\\}|\\+)")) {
            throw refused(folder, "normalizer", "Precompiled, and spaces that become one");
          }
          merged = true;
        }
        case "Strip" -> merged = true;
        default -> throw refused(folder, "normalizer", "Precompiled");
      }
    }

    private void readCharacters(JsonNode step) {
      byte[] bytes = Base64.getDecoder().decode(step.path("precompiled_charsmap").asText(""));
      characters = new long[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        characters[i] = bytes[i] & 0xff;
      }
    }

    void readPreTokenizer(JsonNode step) {
      switch (step.path("type").asText("")) {
        case "Sequence" -> step.path("pretokenizers").forEach(this::readPreTokenizer);
        case "WhitespaceSplit" -> merged = true;
        case "Metaspace" ->
            prefixed =
                step.has("prepend_scheme")
                    ? !step.path("prepend_scheme").asText().equals("never")
                    : step.path("add_prefix_space").asBoolean(true);
        default -> throw refused(folder, "pre_tokenizer", "Metaspace");
      }
    }
  }
}
