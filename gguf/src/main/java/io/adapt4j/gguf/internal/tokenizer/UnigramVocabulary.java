package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.ValueType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Unigram vocabulary (Kudo 2018, Subword Regularization) with its normalization settings, read from
 * {@code tokenizer.json} or else from a SentencePiece model.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record UnigramVocabulary(
    Vocabulary vocabulary,
    OptionalInt unknown,
    boolean prependsSpace,
    boolean mergesSpaces,
    byte[] characters) {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String TOKENIZER = "tokenizer.json";
  private static final Pattern SPACES = Pattern.compile("( |\\\\s)(\\{2,\\}|\\+)");
  private static final float UNUSED_SCORE = -10_000;
  private static final float ADDED_SCORE = -1000;
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

  /** SentencePiece files whose ids are the model's. */
  private static final List<String> MODELS = List.of("tokenizer.model", "spiece.model");

  /** Token types by their numbers in SentencePiece. */
  private static final Map<Integer, TokenType> TYPES =
      Map.of(
          2, TokenType.UNKNOWN,
          3, TokenType.CONTROL,
          4, TokenType.USER_DEFINED,
          5, TokenType.UNUSED,
          6, TokenType.BYTE);

  static Optional<UnigramVocabulary> find(TokenizerFolder folder, int size) {
    Optional<JsonNode> tokenizer = folder.tokenizer();
    if (tokenizer.isPresent()) {
      return tokenizer
          .filter(root -> root.path("model").path("type").asText().equals("Unigram"))
          .map(root -> read(folder.path().resolve(TOKENIZER), root, size));
    }
    return MODELS.stream()
        .map(folder.path()::resolve)
        .filter(Files::isRegularFile)
        .map(SentencePieceModel::read)
        .filter(SentencePieceModel::choosesPieces)
        .findFirst()
        .map(model -> stored(folder, model, size));
  }

  private static UnigramVocabulary read(Path file, JsonNode root, int size) {
    JsonNode model = root.path("model");
    if (model.path("byte_fallback").asBoolean(false)) {
      throw CheckpointException.inField(
          file,
          "model.byte_fallback",
          "false",
          "true",
          "llama.cpp has no bytes for unknown characters in such a tokenizer; set it to false if"
              + " they may be unknown tokens.");
    }
    List<JsonNode> before = steps(root.path("normalizer"), "normalizers").toList();
    before.forEach(step -> requireNormalizer(file, step));
    List<JsonNode> cuts = steps(root.path("pre_tokenizer"), "pretokenizers").toList();
    cuts.forEach(step -> requireCut(file, step));
    boolean merges =
        Stream.concat(before.stream(), cuts.stream())
            .anyMatch(step -> is(step, "WhitespaceSplit") || mergesSpaces(step));
    boolean prepends =
        Stream.concat(before.stream(), cuts.stream()).anyMatch(UnigramVocabulary::prepends);
    byte[] characters =
        before.stream()
            .filter(step -> is(step, "Precompiled"))
            .findFirst()
            .map(step -> decoded(file, step.path("precompiled_charsmap").asText()))
            .orElseGet(() -> new byte[0]);
    OptionalInt unknown =
        model.path("unk_id").isInt()
            ? OptionalInt.of(model.path("unk_id").intValue())
            : OptionalInt.empty();
    return new UnigramVocabulary(
        pieces(file, root, unknown, size), unknown, prepends, merges, characters);
  }

  private static Vocabulary pieces(Path file, JsonNode root, OptionalInt unknown, int size) {
    Vocabulary vocabulary = new Vocabulary(size, UNUSED_SCORE);
    JsonNode pieces = root.path("model").path("vocab");
    for (int id = 0; id < pieces.size(); id++) {
      String text = pieces.path(id).path(0).asText();
      requireRow(file, text, id, size);
      boolean isUnknown = unknown.isPresent() && unknown.getAsInt() == id;
      TokenType type =
          isUnknown
              ? TokenType.UNKNOWN
              : BYTE.matcher(text).matches() ? TokenType.BYTE : TokenType.NORMAL;
      vocabulary.put(id, text, score(pieces, id), type);
    }
    for (JsonNode token : root.path("added_tokens")) {
      String text = token.path("content").asText();
      int id = token.path("id").asInt();
      requireRow(file, text, id, size);
      if (unknown.isEmpty() || unknown.getAsInt() != id) {
        boolean control = token.path("special").asBoolean(false) || SpecialLooks.of(text);
        vocabulary.put(
            id,
            control ? text : SpecialLooks.spaced(text),
            id < pieces.size() ? score(pieces, id) : ADDED_SCORE,
            control ? TokenType.CONTROL : TokenType.USER_DEFINED);
      }
    }
    return vocabulary;
  }

  private static float score(JsonNode pieces, int id) {
    return (float) pieces.path(id).path(1).asDouble();
  }

  private static UnigramVocabulary stored(
      TokenizerFolder folder, SentencePieceModel model, int size) {
    Vocabulary vocabulary = new Vocabulary(size, UNUSED_SCORE);
    OptionalInt unknown = OptionalInt.empty();
    for (int id = 0; id < model.pieces().size(); id++) {
      SentencePieceModel.Piece piece = model.pieces().get(id);
      requireRow(folder.path(), piece.text(), id, size);
      TokenType type = TYPES.getOrDefault(piece.type(), TokenType.NORMAL);
      vocabulary.put(id, piece.text(), piece.score(), type);
      unknown = type == TokenType.UNKNOWN ? OptionalInt.of(id) : unknown;
    }
    folder
        .addedTokensFile()
        .forEach(
            (text, id) -> {
              if (id < size) {
                vocabulary.put(id, text, ADDED_SCORE, TokenType.USER_DEFINED);
              }
            });
    return new UnigramVocabulary(
        vocabulary, unknown, model.prependsSpace(), model.mergesSpaces(), model.characters());
  }

  private static void requireRow(Path file, String text, int id, int size) {
    if (id >= size) {
      throw new CheckpointException(
          file
              + ": token '"
              + text
              + "': expected an id below the "
              + size
              + " rows of the embedding, found "
              + id
              + ". Use the tokenizer that belongs to the model.");
    }
  }

  private static Stream<JsonNode> steps(JsonNode step, String list) {
    if (is(step, "Sequence")) {
      return step.path(list).valueStream().flatMap(inner -> steps(inner, list));
    }
    return step.isObject() ? Stream.of(step) : Stream.empty();
  }

  private static boolean is(JsonNode step, String type) {
    return step.path("type").asText().equals(type);
  }

  private static boolean mergesSpaces(JsonNode step) {
    return is(step, "Replace")
        && SPACES.matcher(step.path("pattern").path("Regex").asText()).matches();
  }

  private static boolean prepends(JsonNode step) {
    return is(step, "Metaspace")
        && (step.has("prepend_scheme")
            ? !step.path("prepend_scheme").asText().equals("never")
            : step.path("add_prefix_space").asBoolean(true));
  }

  private static void requireNormalizer(Path file, JsonNode step) {
    if (!is(step, "Precompiled") && !is(step, "Strip") && !mergesSpaces(step)) {
      throw differently(
          file, "normalizer", "Precompiled, Strip or Replace of several spaces", step);
    }
  }

  private static void requireCut(Path file, JsonNode step) {
    if (!is(step, "Metaspace") && !is(step, "WhitespaceSplit")) {
      throw differently(file, "pre_tokenizer", "Metaspace or WhitespaceSplit", step);
    }
  }

  private static CheckpointException differently(
      Path file, String field, String expected, JsonNode step) {
    return CheckpointException.inField(
        file,
        field,
        expected,
        Json.compact(step),
        "llama.cpp would split texts differently; use a model with another tokenizer.");
  }

  private static byte[] decoded(Path file, String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(
          file
              + ": precompiled_charsmap: expected bytes in Base64, found something else. Download"
              + " the file again.",
          e);
    }
  }

  void write(GgufMetadata.Builder target) {
    target.string(PREFIX + "model", "t5");
    target.string(PREFIX + "pre", "default");
    vocabulary.write(target, true);
    target.bool(PREFIX + "add_space_prefix", prependsSpace);
    target.bool(PREFIX + "remove_extra_whitespaces", mergesSpaces);
    if (characters.length > 0) {
      long[] bytes = new long[characters.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = Byte.toUnsignedLong(characters[i]);
      }
      target.integers(PREFIX + "precompiled_charsmap", ValueType.UINT8, bytes);
    }
  }
}
