package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * SentencePiece BPE vocabulary with byte fallback, read from {@code tokenizer.model}, or from
 * {@code tokenizer.json} with merge ranks as scores.
 */
final class SentencePieceVocabulary {

  private static final float UNUSED_SCORE = -10_000;
  private static final float ADDED_SCORE = -1000;
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

  /** Gemma 4's delimiter tokens that are rendered in text. */
  private static final Set<String> SHOWN =
      Set.of(
          "<|channel>",
          "<channel|>",
          "<|tool_call>",
          "<tool_call|>",
          "<|tool_response>",
          "<tool_response|>",
          "<|\"|>");

  /** Token types by their numbers in SentencePiece. */
  private static final Map<Integer, TokenType> TYPES =
      Map.of(
          2, TokenType.UNKNOWN,
          3, TokenType.CONTROL,
          5, TokenType.UNUSED,
          6, TokenType.BYTE);

  private SentencePieceVocabulary() {}

  static boolean isOf(JsonNode tokenizer) {
    JsonNode model = tokenizer.path("model");
    return model.path("type").asText("BPE").equals("BPE")
        && model.path("byte_fallback").asBoolean(false);
  }

  /** Returns the pieces of {@code tokenizer.model} plus tokens added by other files. */
  static Vocabulary stored(TokenizerFolder folder, Path file, int size, boolean phi) {
    SentencePieceModel model = SentencePieceModel.read(file);
    if (!model.mergesPairs()) {
      throw new CheckpointException(
          file
              + ": expected a model of type BPE, found a unigram model, which llama.cpp would"
              + " split differently. Models with such a tokenizer are not exported.");
    }
    Vocabulary vocabulary = new Vocabulary(size, UNUSED_SCORE);
    for (int id = 0; id < Math.min(size, model.pieces().size()); id++) {
      SentencePieceModel.Piece piece = model.pieces().get(id);
      vocabulary.put(
          id, piece.text(), piece.score(), TYPES.getOrDefault(piece.type(), TokenType.NORMAL));
    }
    folder
        .addedTokensFile()
        .forEach(
            (text, id) -> {
              if (id < size) {
                vocabulary.put(id, text, ADDED_SCORE, TokenType.USER_DEFINED);
              }
            });
    folder
        .config()
        .path("added_tokens_decoder")
        .properties()
        .forEach(entry -> add(vocabulary, Integer.parseInt(entry.getKey()), entry.getValue(), phi));
    if (phi) {
      folder
          .tokenizer()
          .ifPresent(
              root ->
                  root.path("added_tokens")
                      .forEach(token -> add(vocabulary, token.path("id").asInt(), token, true)));
    }
    return vocabulary;
  }

  private static void add(Vocabulary vocabulary, int id, JsonNode token, boolean phi) {
    if (id >= vocabulary.size()) {
      return;
    }
    String text = token.path("content").asText();
    boolean special = token.path("special").asBoolean(false);
    if (special || (!phi && SpecialLooks.of(text))) {
      vocabulary.put(id, text, ADDED_SCORE, TokenType.CONTROL);
    } else {
      String spaced = phi ? text : SpecialLooks.spaced(text);
      vocabulary.put(id, spaced, ADDED_SCORE, TokenType.USER_DEFINED);
    }
  }

  /** Returns the tokens of {@code tokenizer.json}, with higher scores for earlier merges. */
  static Vocabulary ranked(TokenizerFolder folder, int size) {
    JsonNode root = folder.requireTokenizer();
    JsonNode model = root.path("model");
    Map<String, Integer> ranks = ranks(model.path("merges"));
    Set<String> specials = specials(folder, root);
    Vocabulary vocabulary = new Vocabulary(size, ADDED_SCORE);
    float last = -ranks.size();
    model
        .path("vocab")
        .properties()
        .forEach(
            entry -> {
              String text = entry.getKey();
              Integer rank = ranks.get(text);
              if (BYTE.matcher(text).matches()) {
                put(vocabulary, entry.getValue(), text, 0, TokenType.BYTE);
              } else if (specials.contains(text)) {
                put(vocabulary, entry.getValue(), text, ADDED_SCORE, TokenType.CONTROL);
              } else {
                float score = rank == null ? last : 0f - rank;
                put(vocabulary, entry.getValue(), text, score, TokenType.NORMAL);
              }
            });
    JsonNode vocab = model.path("vocab");
    for (JsonNode token : root.path("added_tokens")) {
      String text = token.path("content").asText();
      if (!vocab.has(text)) {
        boolean control = specials.contains(text) || SpecialLooks.of(text);
        put(
            vocabulary,
            token.path("id"),
            control ? text : SpecialLooks.spaced(text),
            ADDED_SCORE,
            control ? TokenType.CONTROL : TokenType.USER_DEFINED);
      }
    }
    return vocabulary;
  }

  /** Returns the tokens for files with merges, whose scores are unused. */
  static Vocabulary merged(TokenizerFolder folder, int size) {
    Vocabulary vocabulary = ranked(folder, size);
    vocabulary.score(ADDED_SCORE);
    vocabulary.type(SHOWN, TokenType.USER_DEFINED);
    return vocabulary;
  }

  private static void put(
      Vocabulary vocabulary, JsonNode id, String text, float score, TokenType type) {
    if (id.asInt() < vocabulary.size()) {
      vocabulary.put(id.asInt(), text, score, type);
    }
  }

  /** Returns the rank of each token's first merge, by its text. */
  private static Map<String, Integer> ranks(JsonNode merges) {
    Map<String, Integer> ranks = new HashMap<>();
    int rank = 0;
    for (JsonNode merge : merges) {
      String whole =
          merge.isArray()
              ? merge.path(0).asText() + merge.path(1).asText()
              : merge.asText().replaceFirst(" ", "");
      ranks.putIfAbsent(whole, rank++);
    }
    return ranks;
  }

  /** Returns tokens with a role, and those marked as special. */
  private static Set<String> specials(TokenizerFolder folder, JsonNode root) {
    Set<String> specials = new HashSet<>();
    for (String role : SpecialVocabulary.ROLES) {
      SpecialVocabulary.content(folder.config().path(role + "_token")).ifPresent(specials::add);
    }
    for (JsonNode token : root.path("added_tokens")) {
      if (token.path("special").asBoolean(false)) {
        specials.add(token.path("content").asText());
      }
    }
    return specials;
  }
}
