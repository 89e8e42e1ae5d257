package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Tokenizer files in a checkpoint folder. */
record TokenizerFolder(Path folder, Optional<JsonNode> tokenizer, Optional<ObjectNode> stated) {

  private static final String LAST = "Download the file again.";

  static TokenizerFolder read(Path folder) {
    Optional<ObjectNode> config =
        json(folder.resolve("tokenizer_config.json"))
            .filter(JsonNode::isObject)
            .map(ObjectNode.class::cast);
    return new TokenizerFolder(folder, json(folder.resolve("tokenizer.json")), config);
  }

  private static Optional<JsonNode> json(Path file) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Json.parse(BoundedFiles.readModelText(file, BoundedFiles.TOKENIZER)));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + ": not valid JSON: " + e.getOriginalMessage() + ". " + LAST, e);
    }
  }

  Path path() {
    return folder;
  }

  JsonNode requireTokenizer() {
    return tokenizer.orElseThrow(
        () ->
            new CheckpointException(
                folder
                    + ": expected tokenizer.json or tokenizer.model, found neither. A GGUF file"
                    + " holds the tokenizer: put its files beside the weights."));
  }

  /** Returns {@code tokenizer_config.json}; empty if there is none. */
  ObjectNode config() {
    return stated.orElseGet(JsonNodeFactory.instance::objectNode);
  }

  boolean hasConfig() {
    return stated.isPresent();
  }

  /** {@code config.json}. */
  JsonNode modelConfig() {
    return json(folder.resolve("config.json")).orElseGet(JsonNodeFactory.instance::objectNode);
  }

  /** Returns the tokens that end an answer according to {@code generation_config.json}. */
  List<JsonNode> generationEnds() {
    JsonNode ends =
        json(folder.resolve("generation_config.json"))
            .map(fields -> fields.path("eos_token_id"))
            .orElseGet(MissingNode::getInstance);
    return ends.isArray() ? ends.valueStream().toList() : ends.isInt() ? List.of(ends) : List.of();
  }

  /** Returns the text of an added token. */
  Optional<String> token(int id) {
    JsonNode decoded = config().path("added_tokens_decoder").path(String.valueOf(id));
    return tokenizer.stream()
        .flatMap(root -> root.path("added_tokens").valueStream())
        .filter(token -> token.path("id").asInt(-1) == id)
        .map(token -> token.path("content").asText())
        .findFirst()
        .or(() -> Optional.ofNullable(decoded.path("content").textValue()));
  }

  /** Returns the id of an added token. */
  OptionalInt id(String text) {
    return tokenizer.stream()
        .flatMap(root -> root.path("added_tokens").valueStream())
        .filter(token -> token.path("content").asText().equals(text))
        .mapToInt(token -> token.path("id").asInt())
        .findFirst();
  }

  Optional<Path> sentencePiece() {
    return Optional.of(folder.resolve("tokenizer.model")).filter(Files::isRegularFile);
  }

  /** Returns the ids of {@code added_tokens.json}, by text. */
  Map<String, Integer> addedTokensFile() {
    Map<String, Integer> added = new LinkedHashMap<>();
    json(folder.resolve("added_tokens.json"))
        .ifPresent(
            node ->
                node.properties()
                    .forEach(entry -> added.put(entry.getKey(), entry.getValue().asInt())));
    return added;
  }

  /** Returns whether {@code tokenizer.json} prepends a space to texts. */
  boolean prependsSpace() {
    JsonNode root = requireTokenizer();
    return prepends(root.path("normalizer")) || prepends(root.path("pre_tokenizer"));
  }

  private static boolean prepends(JsonNode step) {
    for (String list : new String[] {"normalizers", "pretokenizers"}) {
      for (JsonNode inner : step.path(list)) {
        if (prepends(inner)) {
          return true;
        }
      }
    }
    return switch (step.path("type").asText()) {
      case "Prepend" -> true;
      case "Metaspace" ->
          step.has("prepend_scheme")
              ? !step.path("prepend_scheme").asText().equals("never")
              : step.path("add_prefix_space").asBoolean(true);
      default -> false;
    };
  }
}
