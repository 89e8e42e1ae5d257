package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.nio.file.Files;
import java.nio.file.Path;

/** A {@code tokenizer.json}. */
record TokenizerFile(Path path, JsonNode root, String text) {

  static TokenizerFile read(Path folder) {
    Path path = folder.resolve("tokenizer.json");
    String text = readText(path);
    JsonNode root = parse(path, text);
    NativeSafety.require(path, root);
    CharacterMap.require(path, root.path("normalizer"));
    boolean changed = keepWhitespaceInOffsets(root.path("post_processor"));
    return new TokenizerFile(path, root, changed ? Json.compact(root) : text);
  }

  /**
   * WordPiece tokens carry no spaces, so decoding puts one before every word and punctuation mark.
   */
  boolean isWordPiece() {
    return root.path("decoder").path("type").asText("").equals("WordPiece");
  }

  private static String readText(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          file
              + ": no such file. Give the model folder that holds it; a model that has only"
              + " tokenizer.model or vocab files must be saved again as a fast tokenizer.");
    }
    return BoundedFiles.readModelText(file, BoundedFiles.TOKENIZER);
  }

  private static JsonNode parse(Path file, String json) {
    try {
      JsonNode root = Json.parse(json);
      if (!root.isObject()) {
        throw new CheckpointException(
            file + ": expected a JSON object, found another value. Download the file again.");
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + ": not valid JSON: " + e.getOriginalMessage() + ". Download the file again.", e);
    }
  }

  /**
   * Post-processors that trim offsets drop a token's white space from its span, so that text would
   * belong to no token. Returns whether anything had to be changed.
   */
  private static boolean keepWhitespaceInOffsets(JsonNode processor) {
    boolean changed = false;
    for (JsonNode inner : processor.path("processors")) {
      changed |= keepWhitespaceInOffsets(inner);
    }
    if (processor instanceof ObjectNode fields && fields.path("trim_offsets").asBoolean(false)) {
      fields.put("trim_offsets", false);
      changed = true;
    }
    return changed;
  }
}
