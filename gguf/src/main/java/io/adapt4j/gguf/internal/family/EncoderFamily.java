package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Base of the encoder families: keys, classes and checks. */
abstract class EncoderFamily extends GgufFamily {

  static final String CLASSES = "ForSequenceClassification";

  private static final String LABELS = "id2label";
  private static final String TYPES_KEY = "tokenizer.ggml.token_type_count";
  private static final String TOKEN_TYPES = "token_types.weight";

  /** Fields of the configuration that define the scores, for which GGUF has no standard keys. */
  private static final String SCORES_KEY = "adapt4j.classifier";

  private static final List<String> SCORES =
      List.of("problem_type", "sentence_transformers", "sbert_ce_default_activation_function");

  @Override
  public boolean readsTexts() {
    return true;
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  /** Returns the prefix of the model's class names in Transformers. */
  abstract String className();

  @Override
  public String modelClass() {
    return className() + "Model";
  }

  /** Returns the prefix of the encoder's tensor names in a classification model. */
  abstract String prefix(ModelConfig model);

  /** Returns the prefix of a model's encoder tensors; empty for a bare encoder. */
  final String prefixOf(ModelConfig model) {
    return EncoderTask.of(model) == EncoderTask.FEATURES ? "" : prefix(model);
  }

  static boolean isClassifier(ModelConfig model) {
    return EncoderTask.of(model) == EncoderTask.CLASSES;
  }

  /** Returns an encoder's dimensions as a decoder configuration. */
  static Facts facts(
      ModelConfig model,
      int hidden,
      int inner,
      int layers,
      int heads,
      int vocabulary,
      int positions,
      double eps,
      String activation,
      double theta) {
    return new Facts(
        model,
        new DecoderConfig(
            hidden,
            inner,
            layers,
            heads,
            heads,
            hidden / heads,
            vocabulary,
            positions,
            eps,
            activation,
            true,
            true,
            true,
            theta,
            new RopeScaling.Default(),
            hidden / heads),
        positions);
  }

  static TensorName layer(String path, String stored, String gguf) {
    return TensorName.of(path + ".{}." + stored, "blk.{}." + gguf);
  }

  /** Names of the size fields, in the order of {@link #sizes}. */
  record Names(
      String layers, String positions, String hidden, String inner, String heads, String eps) {

    /** Field names of BERT. */
    static final Names BERT =
        new Names(
            "num_hidden_layers",
            "max_position_embeddings",
            "hidden_size",
            "intermediate_size",
            "num_attention_heads",
            "layer_norm_eps");
  }

  static List<Field> sizes(Names names) {
    return List.of(
        Field.integer("block_count", names.layers(), facts -> facts.decoder().layers()),
        Field.integer("context_length", names.positions(), Facts::contextLength),
        Field.integer("embedding_length", names.hidden(), facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length", names.inner(), facts -> facts.decoder().intermediateSize()),
        Field.integer("attention.head_count", names.heads(), facts -> facts.decoder().heads()),
        Field.number(
            "attention.layer_norm_epsilon", names.eps(), facts -> facts.decoder().rmsNormEps()));
  }

  /** Returns the keys that conclude the files of all encoders. */
  static List<Field> classes() {
    return List.of(
        new Field(
            (facts, prefix, target) -> target.bool(prefix + "attention.causal", false),
            (source, prefix, config) -> {}),
        new Field(
            (facts, prefix, target) -> {
              if (isClassifier(facts.model())) {
                target.strings(prefix + EmbeddingKeys.LABELS, labels(facts.model()));
                scores(facts.fields())
                    .ifPresent(stated -> target.string(SCORES_KEY, stated.toString()));
              }
            },
            EncoderFamily::readClasses));
  }

  /** The number of token types; 1 if a model has none. */
  static Field tokenTypes(String field) {
    return new Field(
        (facts, prefix, target) ->
            target.uint32(TYPES_KEY, Math.max(1, types(facts.fields(), field))),
        (source, prefix, config) -> config.put(field, source.integer(TYPES_KEY).orElse(1)));
  }

  static int types(ConfigReader fields, String field) {
    return fields.optionalInt(field).orElse(2);
  }

  private static List<String> labels(ModelConfig model) {
    int count = EncoderTask.classes(model);
    Optional<ConfigReader> named = model.fields().child(LABELS);
    return IntStream.range(0, count)
        .mapToObj(String::valueOf)
        .map(id -> named.flatMap(labels -> labels.optionalText(id)).orElse("LABEL_" + id))
        .toList();
  }

  private static Optional<ObjectNode> scores(ConfigReader fields) {
    ObjectNode stated = fields.json().retain(SCORES);
    return stated.isEmpty() ? Optional.empty() : Optional.of(stated);
  }

  private static void readClasses(GgufMetadata source, String prefix, ObjectNode config) {
    List<String> labels = new ArrayList<>();
    source.strings(prefix + EmbeddingKeys.LABELS).ifPresent(labels::addAll);
    if (!labels.isEmpty()) {
      ObjectNode byId = config.putObject(LABELS);
      ObjectNode ids = config.putObject("label2id");
      for (int id = 0; id < labels.size(); id++) {
        byId.put(String.valueOf(id), labels.get(id));
        ids.put(labels.get(id), id);
      }
    }
    source
        .string(SCORES_KEY)
        .flatMap(EncoderFamily::parsed)
        .ifPresent(
            stated ->
                SCORES.forEach(
                    field -> {
                      if (stated.has(field)) {
                        config.set(field, stated.get(field));
                      }
                    }));
  }

  private static Optional<JsonNode> parsed(String text) {
    return EmbeddingKeys.parse(text);
  }

  /** Sets the classification class if there is a classifier weight. */
  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    if (tensors.contains(EmbeddingKeys.CLASSIFIER)) {
      config.putArray("architectures").add(className() + CLASSES);
      if (!config.has(LABELS)) {
        config.putObject(LABELS).put("0", "LABEL_0");
      }
    }
  }

  static boolean hasTokenTypes(Set<String> tensors) {
    return tensors.contains(TOKEN_TYPES);
  }

  @Override
  public void requireSupported(Facts facts) {
    if (EncoderTask.of(facts.model()) == EncoderTask.TOKEN_CLASSES) {
      throw facts
          .fields()
          .invalid(
              "architectures",
              "a class that ends in Model, ForMaskedLM or ForSequenceClassification",
              "llama.cpp does not classify tokens; load this model here with TokenClassifier.");
    }
    if (!activations().contains(facts.decoder().hiddenActivation())) {
      throw LlamaLikeFamily.refused(
          facts, activationField(), "one of " + LlamaLikeFamily.sorted(activations()));
    }
  }

  /** Returns the activations equivalent to the one llama.cpp hardcodes. */
  Set<String> activations() {
    return Field.GELU;
  }

  abstract String activationField();

  /** Rejects a context length other than the size of the position table. */
  static void requireOwnLength(Facts facts) {
    if (facts.contextLength() != facts.decoder().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "contextLength: expected the "
              + facts.decoder().maxPositionEmbeddings()
              + " positions that the model has embeddings for, found "
              + facts.contextLength()
              + "; leave it out.");
    }
  }

  /**
   * Rejects a model that uses token types for text pairs, as llama.cpp assigns the first type to
   * all tokens.
   */
  static void requireOneType(Facts facts, String field) {
    if (isClassifier(facts.model())
        && EncoderTask.classes(facts.model()) == 1
        && types(facts.fields(), field) > 1) {
      throw facts
          .fields()
          .invalid(
              field,
              "1 in a GGUF file of a model that scores pairs of texts",
              "llama.cpp does not tell the second text of a pair from the first; run this model"
                  + " here, or export a cross-encoder of XLM-RoBERTa, such as bge-reranker-v2-m3.");
    }
  }
}
