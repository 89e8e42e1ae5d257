package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Declaration of an encoder family: keys, classes and checks. */
final class EncoderFamily extends FamilyDeclaration<EncoderFamily> {

  private static final String LABELS = "id2label";
  private static final String TYPES_KEY = "tokenizer.ggml.token_type_count";

  /** Fields of the configuration that define the scores, for which GGUF has no standard keys. */
  private static final String SCORES_KEY = "adapt4j.classifier";

  private static final List<String> SCORES =
      List.of("problem_type", "sentence_transformers", "sbert_ce_default_activation_function");

  private final String className;

  EncoderFamily(String architecture, String modelType, String className) {
    super(architecture, modelType, className + "Model");
    this.className = className;
    with(Trait.READS_TEXTS);
    after(classes());
    check(EncoderFamily::requireTask);
  }

  /** Returns the prefix of a model's encoder tensors; empty for a bare encoder. */
  static String prefix(ModelConfig model, String ofTask) {
    return EncoderTask.of(model) == EncoderTask.FEATURES ? "" : ofTask;
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

  /** Returns the dimensions of a configuration with BERT's names for its sizes. */
  static Facts facts(
      ModelConfig model, int positions, double eps, String activation, double theta) {
    ConfigReader fields = model.fields();
    return facts(
        model,
        fields.requirePositiveInt("hidden_size"),
        fields.requirePositiveInt("intermediate_size"),
        fields.requirePositiveInt("num_hidden_layers"),
        fields.requirePositiveInt("num_attention_heads"),
        fields.requirePositiveInt("vocab_size"),
        positions,
        eps,
        activation,
        theta);
  }

  /** Sets the activations equivalent to the one llama.cpp hardcodes. */
  EncoderFamily activations(String field, Set<String> equivalent) {
    return check(
        facts -> Checks.activation(facts, field, facts.decoder().hiddenActivation(), equivalent));
  }

  /** Adds the keys of BERT's size fields. */
  EncoderFamily bertSizes(String eps) {
    return sizes(
        "num_hidden_layers",
        "max_position_embeddings",
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        eps);
  }

  /** Adds the keys of sizes, given the fields' names. */
  EncoderFamily sizes(
      String layers, String positions, String hidden, String inner, String heads, String eps) {
    return before(
        Field.integer("block_count", layers, facts -> facts.decoder().layers()),
        Field.integer("context_length", positions, Facts::contextLength),
        Field.integer("embedding_length", hidden, facts -> facts.decoder().hiddenSize()),
        Field.integer("feed_forward_length", inner, facts -> facts.decoder().intermediateSize()),
        Field.integer("attention.head_count", heads, facts -> facts.decoder().heads()),
        Field.number("attention.layer_norm_epsilon", eps, facts -> facts.decoder().rmsNormEps()));
  }

  /** Reads files with a classifier weight as classification models. */
  EncoderFamily classifier() {
    return fit(
        (tensors, config) -> {
          if (tensors.contains(EmbeddingKeys.CLASSIFIER)) {
            config.putArray("architectures").add(className + "ForSequenceClassification");
            if (!config.has(LABELS)) {
              config.putObject(LABELS).put("0", "LABEL_0");
            }
          }
        });
  }

  /** Returns the keys that conclude the files of all encoders. */
  private static Field[] classes() {
    return new Field[] {
      Field.written((facts, prefix, target) -> target.bool(prefix + "attention.causal", false)),
      new Field(
          (facts, prefix, target) -> {
            if (isClassifier(facts.model())) {
              target.strings(prefix + EmbeddingKeys.LABELS, labels(facts.model()));
              scores(facts.fields())
                  .ifPresent(stated -> target.string(SCORES_KEY, stated.toString()));
            }
          },
          EncoderFamily::readClasses)
    };
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
        .flatMap(EmbeddingKeys::parse)
        .ifPresent(
            stated ->
                SCORES.stream()
                    .filter(stated::has)
                    .forEach(field -> config.set(field, stated.get(field))));
  }

  static boolean hasTokenTypes(Set<String> tensors) {
    return tensors.contains("token_types.weight");
  }

  private static void requireTask(Facts facts) {
    if (EncoderTask.of(facts.model()) == EncoderTask.TOKEN_CLASSES) {
      throw facts
          .fields()
          .invalid(
              "architectures",
              "a class that ends in Model, ForMaskedLM or ForSequenceClassification",
              "llama.cpp does not classify tokens; load this model here with TokenClassifier.");
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
