package io.adapt4j.core.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Sizes and classes from {@code config.json}, read leniently: a field that is absent or has an
 * unusual type is unknown. For a model of several parts, such as one with a vision encoder, these
 * are the values of its text part.
 */
record ModelShape(
    Optional<String> modelType,
    List<String> architectures,
    OptionalInt contextLength,
    OptionalInt vocabularySize,
    OptionalInt hiddenSize,
    OptionalInt layers,
    Optional<Boolean> tiedEmbeddings) {

  private static final List<String> TEXT_PARTS =
      List.of("text_config", "llm_config", "language_config", "decoder");

  /** Families whose first positions are padding and never reached by a text. */
  private static final Set<String> OFFSET_POSITIONS =
      Set.of("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "roberta-prelayernorm");

  /** Copies the list. */
  public ModelShape {
    architectures = List.copyOf(architectures);
  }

  ModelShape withTiedEmbeddings(boolean tied) {
    return new ModelShape(
        modelType,
        architectures,
        contextLength,
        vocabularySize,
        hiddenSize,
        layers,
        Optional.of(tied));
  }

  static ModelShape read(JsonNode config) {
    List<JsonNode> parts = parts(config);
    OptionalInt positions =
        integer(
            parts,
            "max_position_embeddings",
            "n_positions",
            "n_ctx",
            "max_sequence_length",
            "max_seq_len",
            "seq_length",
            "max_target_positions");
    return new ModelShape(
        text(config, "model_type"),
        texts(config.path("architectures")),
        withoutOffset(config, positions),
        integer(parts, "vocab_size", "padded_vocab_size"),
        integer(parts, "hidden_size", "n_embd", "d_model", "dim", "hidden_dim"),
        integer(parts, "num_hidden_layers", "n_layer", "n_layers", "num_layers"),
        truth(config, parts, "tie_word_embeddings"));
  }

  /** Returns the text part, if there is one, then the whole. */
  private static List<JsonNode> parts(JsonNode config) {
    List<JsonNode> parts = new ArrayList<>();
    TEXT_PARTS.stream().map(config::path).filter(JsonNode::isObject).forEach(parts::add);
    parts.add(config);
    return parts;
  }

  private static OptionalInt withoutOffset(JsonNode config, OptionalInt positions) {
    boolean offset = OFFSET_POSITIONS.contains(config.path("model_type").asText(""));
    int unused = offset ? config.path("pad_token_id").asInt(1) + 1 : 0;
    return positions.isPresent()
        ? OptionalInt.of(Math.max(1, positions.getAsInt() - unused))
        : positions;
  }

  private static OptionalInt integer(List<JsonNode> parts, String... names) {
    for (JsonNode part : parts) {
      for (String name : names) {
        JsonNode value = part.path(name);
        if (value.isIntegralNumber() && value.canConvertToInt() && value.intValue() > 0) {
          return OptionalInt.of(value.intValue());
        }
      }
    }
    return OptionalInt.empty();
  }

  /** In a model of several parts the outer configuration decides. */
  private static Optional<Boolean> truth(JsonNode config, List<JsonNode> parts, String name) {
    return Stream.concat(Stream.of(config), parts.stream())
        .map(part -> part.path(name))
        .filter(JsonNode::isBoolean)
        .map(JsonNode::booleanValue)
        .findFirst();
  }

  private static Optional<String> text(JsonNode config, String name) {
    return Optional.ofNullable(config.path(name).textValue());
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(
        item -> {
          if (item.isTextual()) {
            texts.add(item.textValue());
          }
        });
    return texts;
  }
}
