package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;

/** Converts tokenizers of encoders to the format of {@code tokenizer.json}. */
final class EncoderTokenizers {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String SPACE = "\u2581";
  private static final String GOES_ON = "##";

  private EncoderTokenizers() {}

  /** Returns a piece in the form of {@code tokenizer.json}, which marks word continuations. */
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
}
