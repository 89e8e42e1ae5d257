package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Refuses contents of a {@code tokenizer.json} for which the native library (tokenizers 0.21.4)
 * ends the process when it reads the file or the first text, or which make tokens that cannot be
 * traced to the text.
 */
final class NativeSafety {

  private static final String REMEDY = "Download the file again.";

  private NativeSafety() {}

  /** Checks a file. */
  static void require(Path path, JsonNode root) {
    requireTemplates(path, root.path("post_processor"));
    requireLengths(path, root.path("pre_tokenizer"));
    requirePrefixOfMerges(path, root.path("model"));
  }

  private static void requireTemplates(Path path, JsonNode processor) {
    for (JsonNode inner : processor.path("processors")) {
      requireTemplates(path, inner);
    }
    requireTemplate(path, processor, "single", List.of("A"));
    requireTemplate(path, processor, "pair", List.of("A", "B"));
    for (JsonNode token : processor.path("special_tokens")) {
      token.path("ids").forEach(id -> requireId(path, id));
    }
    for (String token : List.of("sep", "cls")) {
      requireId(path, processor.path(token).path(1));
    }
  }

  /** Requires a template to have each text once, in order, and only tokens that it defines. */
  private static void requireTemplate(
      Path path, JsonNode processor, String name, List<String> texts) {
    if (!processor.path(name).isArray()) {
      return;
    }
    List<String> found = new ArrayList<>();
    for (JsonNode piece : processor.get(name)) {
      JsonNode id = piece.path("SpecialToken").path("id");
      if (id.isTextual() && !processor.path("special_tokens").has(id.textValue())) {
        throw CheckpointException.inField(
            path,
            "post_processor",
            "tokens of the template that stand in special_tokens",
            id.textValue(),
            REMEDY);
      }
      if (piece.has("Sequence")) {
        found.add(piece.path("Sequence").path("id").asText());
      }
    }
    if (!found.equals(texts)) {
      throw CheckpointException.inField(
          path,
          "post_processor",
          "the sequences " + texts + " in the template '" + name + "'",
          found.toString(),
          REMEDY);
    }
  }

  private static void requireId(Path path, JsonNode id) {
    if (id.isNumber() && (id.asDouble() < 0 || id.asDouble() > Vocabulary.LARGEST_ID)) {
      throw CheckpointException.inField(
          path,
          "post_processor",
          "ids between 0 and " + Vocabulary.LARGEST_ID,
          id.asText(),
          REMEDY);
    }
  }

  private static void requireLengths(Path path, JsonNode preTokenizer) {
    for (JsonNode inner : preTokenizer.path("pretokenizers")) {
      requireLengths(path, inner);
    }
    if (preTokenizer.path("type").asText().equals("FixedLength")
        && preTokenizer.path("length").asDouble(1) < 1) {
      throw CheckpointException.inField(
          path,
          "pre_tokenizer",
          "a length of at least 1",
          preTokenizer.get("length").asText(),
          REMEDY);
    }
  }

  /** The second part of a merge must be valid without the prefix of tokens within a word. */
  private static void requirePrefixOfMerges(Path path, JsonNode model) {
    int prefix = bytes(model.path("continuing_subword_prefix").asText("")).length;
    if (prefix == 0) {
      return;
    }
    for (JsonNode merge : model.path("merges")) {
      String second =
          merge.isTextual()
              ? merge.textValue().substring(merge.textValue().indexOf(' ') + 1)
              : merge.path(1).asText("");
      byte[] bytes = bytes(second);
      boolean withinCharacter = prefix < bytes.length && (bytes[prefix] & 0xc0) == 0x80;
      if (prefix > bytes.length || withinCharacter) {
        throw CheckpointException.inField(
            path,
            "model.merges",
            "second parts that begin with continuing_subword_prefix",
            second,
            REMEDY);
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
