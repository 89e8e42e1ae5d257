package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Converts the spelling of tokens to bytes like the decoder of a {@code tokenizer.json}: byte-level
 * vocabularies write each byte as a character, others a marker for a space and {@code <0x0A>} for a
 * byte.
 */
final class TokenSpelling {

  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
  private static final byte[] NONE = {};

  /** Treatment of the spaces of the first token by a decoder. */
  private enum FirstSpace {
    KEPT,
    STRIPPED,
    /** Every space of the first token is dropped, not only the first one. */
    ALL_DROPPED
  }

  private record Replacement(String mark, String text) {}

  private final Path file;
  private final JsonNode decoder;
  private final List<Replacement> replacements = new ArrayList<>();
  private boolean byteLevel;
  private boolean byteFallback;
  private boolean fused;
  private FirstSpace firstSpace = FirstSpace.KEPT;

  private TokenSpelling(Path file, JsonNode decoder) {
    this.file = file;
    this.decoder = decoder;
  }

  /**
   * Converts a vocabulary. Throws a CheckpointException if the decoder is of a kind whose tokens
   * have no bytes independent of their neighbors.
   */
  static TokenBytes of(Path file, JsonNode decoder, Vocabulary vocabulary) {
    TokenSpelling spelling = new TokenSpelling(file, decoder);
    spelling.add(decoder);
    List<byte[]> tokens = new ArrayList<>(vocabulary.size());
    for (int id = 0; id < vocabulary.size(); id++) {
      String token = vocabulary.token(id);
      tokens.add(token == null || vocabulary.isSpecial(id) ? NONE : spelling.bytes(token));
    }
    return spelling.firstSpace == FirstSpace.KEPT
        ? TokenBytes.of(tokens)
        : TokenBytes.of(tokens, tokens.stream().map(spelling::atBeginning).toList());
  }

  private void add(JsonNode step) {
    switch (step.path("type").asText("")) {
      case "Sequence" -> step.path("decoders").forEach(this::add);
      case "ByteLevel" -> byteLevel = true;
      case "ByteFallback" -> byteFallback = true;
      case "Fuse" -> fused = true;
      case "Replace" -> {
        require(step.path("pattern").path("String").isTextual());
        replacements.add(
            new Replacement(
                step.path("pattern").path("String").textValue(), step.path("content").asText()));
      }
      case "Strip" -> {
        int start = step.path("start").asInt();
        require(fused && start <= 1 && step.path("stop").asInt() == 0);
        require(start == 0 || step.path("content").asText().equals(" "));
        firstSpace = start == 0 ? firstSpace : FirstSpace.STRIPPED;
      }
      case "Metaspace" -> {
        replacements.add(new Replacement(step.path("replacement").asText("\u2581"), " "));
        boolean never =
            step.path("prepend_scheme").asText("").equals("never")
                || !step.path("add_prefix_space").asBoolean(true);
        firstSpace = never ? firstSpace : FirstSpace.ALL_DROPPED;
      }
      default -> require(false);
    }
  }

  private void require(boolean known) {
    if (!known) {
      throw CheckpointException.inField(
          file,
          "decoder",
          "one that gives every token bytes of its own (ByteLevel, Metaspace, or Replace with"
              + " ByteFallback and Fuse)",
          decoder.isMissingNode() ? "none" : Json.compact(decoder),
          "Constraints on the output need such a tokenizer; generate without one.");
    }
  }

  private byte[] bytes(String token) {
    String text = token;
    if (byteFallback) {
      Matcher matcher = BYTE.matcher(text);
      if (matcher.matches()) {
        return new byte[] {(byte) Integer.parseInt(matcher.group(1), 16)};
      }
    }
    for (Replacement replacement : replacements) {
      text = text.replace(replacement.mark(), replacement.text());
    }
    return byteLevel ? ByteCharacters.bytes(text) : text.getBytes(StandardCharsets.UTF_8);
  }

  private byte[] atBeginning(byte[] token) {
    if (token.length == 0 || token[0] != ' ') {
      return token;
    }
    if (firstSpace == FirstSpace.ALL_DROPPED) {
      for (int i = 1; i < token.length; i++) {
        if (token[i] == ' ') {
          return NONE;
        }
      }
    }
    return Arrays.copyOfRange(token, 1, token.length);
  }
}
