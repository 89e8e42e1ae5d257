package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/** Tokenizers of encoders in the terms of {@code tokenizer.json}. */
final class EncoderTokenizers {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String SPACE = "\u2581";
  private static final String GOES_ON = "##";

  /** SentencePiece's limit for a map of characters, many times over. */
  private static final int MOST_CHARACTERS = 1 << 26;

  private EncoderTokenizers() {}

  /** The piece as {@code tokenizer.json} has it, which marks those that go on with a word. */
  static String wordPiece(String token, boolean special) {
    if (special) {
      return token;
    }
    return token.startsWith(SPACE) ? token.substring(SPACE.length()) : GOES_ON + token;
  }

  static void wordPieces(
      ObjectNode fields, GgufVocabulary vocabulary, GgufMetadata metadata, String unknown) {
    boolean lowercase = metadata.bool(PREFIX + "normalizer.lowercase").orElse(true);
    fields
        .putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .put("strip_accents", metadata.bool(PREFIX + "normalizer.strip_accents").orElse(lowercase))
        .put("lowercase", lowercase);
    fields.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    fields.putNull("post_processor");
    fields
        .putObject("decoder")
        .put("type", "WordPiece")
        .put("prefix", GOES_ON)
        .put("cleanup", true);
    ObjectNode model = fields.putObject("model").put("type", "WordPiece");
    model.put("unk_token", unknown);
    model.put("continuing_subword_prefix", GOES_ON).put("max_input_chars_per_word", 100);
    ObjectNode ids = model.putObject("vocab");
    for (int id = 0; id < vocabulary.tokens().size(); id++) {
      if (!vocabulary.isPlaceholder(id)) {
        ids.put(wordPiece(vocabulary.tokens().get(id), vocabulary.isSpecial(id)), id);
      }
    }
  }

  static void unigram(
      ObjectNode fields, GgufVocabulary vocabulary, GgufMetadata metadata, Path file, int unknown) {
    Optional<String> characters = characters(metadata, file);
    if (characters.isPresent()) {
      fields
          .putObject("normalizer")
          .put("type", "Precompiled")
          .put("precompiled_charsmap", characters.get());
    } else {
      fields.putNull("normalizer");
    }
    ArrayNode steps =
        fields.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    if (metadata.bool(PREFIX + "remove_extra_whitespaces").orElse(false)) {
      steps.addObject().put("type", "WhitespaceSplit");
    }
    steps.add(metaspace(steps.objectNode(), metadata));
    fields.putNull("post_processor");
    fields.set("decoder", metaspace(fields.objectNode(), metadata));
    ObjectNode model = fields.putObject("model").put("type", "Unigram");
    model.put("unk_id", unknown).put("byte_fallback", false);
    ArrayNode pieces = model.putArray("vocab");
    for (int id = 0; id < vocabulary.tokens().size(); id++) {
      pieces.addArray().add(vocabulary.tokens().get(id)).add(score(vocabulary, id, file));
    }
  }

  private static double score(GgufVocabulary vocabulary, int id, Path file) {
    if (vocabulary.scores().length == 0) {
      throw GgufVocabulary.damaged(file, "scores", "a score for each token", "none");
    }
    return vocabulary.scores()[id];
  }

  private static ObjectNode metaspace(ObjectNode target, GgufMetadata metadata) {
    boolean prefixed = metadata.bool(PREFIX + "add_space_prefix").orElse(true);
    return target
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", prefixed ? "always" : "never")
        .put("split", true);
  }

  private static Optional<String> characters(GgufMetadata metadata, Path file) {
    Optional<long[]> stored = metadata.integers(PREFIX + "precompiled_charsmap");
    if (stored.isEmpty() || stored.get().length == 0) {
      return Optional.empty();
    }
    if (stored.get().length > MOST_CHARACTERS) {
      throw CheckpointException.inField(
          file,
          PREFIX + "precompiled_charsmap",
          "at most " + MOST_CHARACTERS + " bytes",
          String.valueOf(stored.get().length),
          "Fetch the file again.");
    }
    byte[] bytes = new byte[stored.get().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) stored.get()[i];
    }
    return Optional.of(Base64.getEncoder().encodeToString(bytes));
  }
}
