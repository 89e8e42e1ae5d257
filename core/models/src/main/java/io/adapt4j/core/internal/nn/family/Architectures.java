package io.adapt4j.core.internal.nn.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.weights.StoredLayers;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Declaration of a network by its configuration: finds the model family and checks the fields. */
public final class Architectures {

  private static final Set<String> OWN =
      Families.ALL.stream()
          .flatMap(architecture -> architecture.modelTypes().stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final Logger LOG = LoggerFactory.getLogger(Architectures.class);
  private static final int LONGEST_VALUE = 60;
  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();
  private static final Pattern LANGUAGE_MODEL = Pattern.compile("(ForCausalLM|LMHeadModel)$");

  private static final String READS_RECORDINGS =
      "This model reads recordings; load it with SpeechTranscriber of adapt4j-speech.";

  private Architectures() {}

  /**
   * {@return the supported values of {@code model_type}, including those of families on the class
   * path}
   */
  public static Set<String> modelTypes() {
    return Stream.concat(Families.ALL.stream(), CustomFamily.all(OWN).stream())
        .flatMap(architecture -> architecture.modelTypes().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Reads the dimensions of a Llama-like decoder of a model type in this build. */
  public static DecoderConfig dimensions(String modelType, ModelConfig text) {
    return known(modelType).dimensions(text);
  }

  /** Declares the network a configuration describes; layers that occur again share weights. */
  public static Network declare(ModelConfig stated) {
    Network declared = unshared(stated);
    stated.layerStack().ifPresent(stack -> StackedLayers.share(declared, stack));
    return declared;
  }

  private static Network unshared(ModelConfig stated) {
    ModelConfig config = known(stated);
    Architecture architecture = find(config);
    StoredLayers.require(config.unstacked().fields());
    UnreadFeatures.refuse(config, architecture.features());
    unknownFields(config).ifPresent(text -> warn(config, text));
    Network declared = architecture.declare(config);
    if (declared instanceof Decoder decoder) {
      if (EncoderTask.scoresClasses(config)) {
        return decoder.scoringClasses();
      }
      if (EncoderTask.isBaseModel(config)) {
        return decoder.readingTexts();
      }
      requirePastOnly(decoder);
    }
    return withStoredHead(config, architecture, declared);
  }

  private static Network withStoredHead(
      ModelConfig config, Architecture architecture, Network declared) {
    Optional<StoredHead> stored = StoredHead.find(config, architecture, declared);
    stored.filter(head -> !head.isExpected(config)).ifPresent(head -> warn(config, head.text()));
    if (stored.filter(StoredHead::used).isEmpty()) {
      return declared;
    }
    declared.close();
    return architecture.declare(architecture.withOwnHead(config));
  }

  /** Logs a warning once per file, however often the file is read. */
  private static void warn(ModelConfig config, String text) {
    String message = config.fields().file() + ": " + text;
    if (SAID.add(message)) {
      LOG.warn("{}", message);
    }
  }

  private static void requirePastOnly(Decoder decoder) {
    if (!decoder.seesThePastOnly()) {
      throw decoder
          .modelConfig()
          .fields()
          .invalid(
              "use_bidirectional_attention",
              "false, or architectures with a class that ends in Model",
              "A model whose tokens see those after them does not generate text; load it with"
                  + " TextEmbedder.");
    }
  }

  /**
   * Returns the configuration of an embedding model: a language model's without its output, any
   * other unchanged.
   */
  public static ModelConfig embedding(ModelConfig stated) {
    ModelConfig config = known(stated);
    boolean generates =
        config.architectures().stream()
            .allMatch(name -> LANGUAGE_MODEL.matcher(name).find() || !name.contains("For"));
    if (!generates
        || EncoderTask.isBaseModel(config)
        || !(find(config).declare(config) instanceof Decoder)) {
      return config;
    }
    String name =
        config.architectures().isEmpty()
            ? OutputLayer.family(config) + "Model"
            : LANGUAGE_MODEL.matcher(config.architectures().get(0)).replaceFirst("Model");
    return withClass(config, name);
  }

  /**
   * Returns the configuration of a language model: that of a decoder without an output gets one,
   * any other is unchanged.
   */
  public static ModelConfig generating(ModelConfig stated) {
    ModelConfig config = known(stated);
    if (!EncoderTask.isBaseModel(config) || !(find(config).declare(config) instanceof Decoder)) {
      return config;
    }
    String base = config.architectures().get(0);
    String family = base.substring(0, base.length() - "Model".length());
    return withClass(
        config, family + (config.modelType().equals("gpt2") ? "LMHeadModel" : "ForCausalLM"));
  }

  private static ModelConfig withClass(ModelConfig config, String name) {
    return config.with("architectures", JsonNodeFactory.instance.arrayNode().add(name));
  }

  /** Returns the dropout rates of a model's reference in training. */
  public static DropoutRates dropout(ModelConfig stated) {
    ModelConfig config = known(stated);
    DropoutRates rates = find(config).dropout(config);
    boolean ofTokens = OutputLayer.TOKEN_CLASSES.isOf(config);
    return ofTokens && declare(config) instanceof Encoder encoder && encoder.hasDecoderLayers()
        ? DropoutFields.withTokenClasses(rates, config.fields())
        : rates;
  }

  /**
   * Declares the layer of a decoder that predicts the token after the next one, without weights;
   * empty if the family or the configuration has none.
   */
  public static Optional<NextTokenLayer> nextTokenLayer(Decoder decoder) {
    return find(decoder.modelConfig()).nextTokenLayer(decoder.modelConfig());
  }

  /** Declares the decoder a configuration describes. */
  public static Decoder declareDecoder(ModelConfig config) {
    Network declared = declare(generating(config));
    boolean hasDecoderLayers =
        declared instanceof Decoder
            || (declared instanceof Encoder encoder && encoder.hasDecoderLayers());
    if (hasDecoderLayers) {
      requireLanguageModel(config);
    }
    if (declared instanceof Decoder decoder) {
      return decoder;
    }
    throw config
        .fields()
        .invalid(
            "model_type",
            "a model that continues text",
            declared instanceof EncoderDecoder both
                ? both.readsFeatures()
                    ? READS_RECORDINGS
                    : "This model writes one text for another; load it with SequenceToSequenceModel,"
                        + " or fine-tune it for the task sequenceToSequence."
                : "This model reads text only; load it with TextEmbedder, TextClassifier,"
                    + " TokenClassifier or MaskedLanguageModel, or fine-tune it for a task of"
                    + " encoders.");
  }

  /** Declares the encoder a configuration describes, or the decoder with a classification head. */
  public static Encoder declareEncoder(ModelConfig config) {
    if (declare(config) instanceof Encoder encoder) {
      return encoder;
    }
    throw config
        .fields()
        .invalid(
            "model_type",
            "an encoder such as bert",
            "This model generates text; load it with LanguageModel, or with TextEmbedder.");
  }

  /**
   * {@return whether a configuration is that of a known encoder-decoder that reads texts; false if
   * it cannot be declared, which loading reports}
   */
  public static boolean writesSequences(ModelConfig config) {
    try (Network declared = declare(config)) {
      return declared instanceof EncoderDecoder both && !both.readsFeatures();
    } catch (CheckpointException e) {
      return false;
    }
  }

  /** Declares the encoder-decoder a configuration describes. */
  public static EncoderDecoder declareSequence(ModelConfig config) {
    Network declared = declare(config);
    if (declared instanceof EncoderDecoder network && !network.readsFeatures()) {
      return network;
    }
    throw config
        .fields()
        .invalid(
            "model_type",
            "an encoder-decoder such as t5",
            declared instanceof EncoderDecoder
                ? READS_RECORDINGS
                : "This model does not write one text for another; load it with LanguageModel, or"
                    + " with the class for what it does.");
  }

  /** Declares the encoder-decoder that reads features of recordings. */
  public static EncoderDecoder declareSpeech(ModelConfig config) {
    if (declare(config) instanceof EncoderDecoder network && network.readsFeatures()) {
      return network;
    }
    throw config
        .fields()
        .invalid(
            "model_type",
            "a model that reads recordings: whisper",
            "This model reads text; load it with the class for what it does.");
  }

  /**
   * Declares a second output in addition to the vocabulary's: a classifier with a decoder's layers.
   * An adapter attached to it changes the shared layers, and affects both networks while it is
   * enabled. The new network owns only the output: {@link Network#allocate} allocates nothing else,
   * and closing it leaves the decoder unchanged. Close it before the decoder.
   */
  public static Encoder withClassOutput(Decoder decoder, ModelConfig classes) {
    String family = decoder.modelConfig().modelType();
    try (Encoder alone = declareEncoder(classes)) {
      if (!classes.modelType().equals(family) || !alone.dimensions().equals(decoder.dimensions())) {
        throw classes
            .fields()
            .invalid(
                "model_type",
                family + " with " + decoder.dimensions(),
                "The output is to stand on the layers of another model, which has "
                    + alone.dimensions()
                    + "; give one of the same base.");
      }
    }
    Encoder beside = decoder.scoringClasses(classes, true);
    beside.initializeNew(Set.copyOf(beside.outputTensors()));
    return beside;
  }

  /** Returns whether a decoder is the text model of a multimodal one. */
  private static boolean isMultimodal(ModelConfig config) {
    return config.hasText() || config.fields().has("vision_config");
  }

  /**
   * Rejects decoders with other output layers: their tensors have other names, or they have none
   * for the vocabulary.
   */
  private static void requireLanguageModel(ModelConfig config) {
    for (String name : config.architectures()) {
      boolean predicts =
          name.endsWith("ForCausalLM")
              || (name.endsWith("ForConditionalGeneration") && isMultimodal(config));
      if (name.contains("For") && !predicts) {
        throw config
            .fields()
            .invalid(
                "architectures",
                "a class that ends in ForCausalLM",
                "A model with another output layer does not generate text; one that scores classes"
                    + " loads with TextClassifier or TokenClassifier.");
      }
    }
  }

  /**
   * Returns the architecture of a model type in this build or, if there is none, on the class path,
   * which is searched then.
   */
  static Optional<Architecture> ofType(String type) {
    return among(Families.ALL, type).or(() -> among(CustomFamily.all(OWN), type));
  }

  /** Returns the architecture of a model type in this build. */
  static Architecture known(String type) {
    return among(Families.ALL, type).orElseThrow();
  }

  private static Optional<Architecture> among(List<Architecture> all, String type) {
    return all.stream()
        .filter(architecture -> architecture.modelTypes().contains(type))
        .findFirst();
  }

  private static Architecture find(ModelConfig config) {
    return ofType(config.modelType()).orElseThrow(() -> unknown(config, Optional.empty()));
  }

  /**
   * Returns a configuration with a known model type: the same one, or that of a known family under
   * another name.
   */
  public static ModelConfig known(ModelConfig config) {
    if (ofType(config.modelType()).isPresent()) {
      return config;
    }
    Optional<ShapeMatch> nearest = ShapeMatch.nearest(config, modelTypes());
    ShapeMatch match =
        nearest.filter(ShapeMatch::isExact).orElseThrow(() -> unknown(config, nearest));
    warn(config, UnknownFamily.readAs(config, match.config()));
    return match.config();
  }

  /** Returns a note about a model that is treated as one of another type. */
  public static Optional<String> note(ModelConfig stated, ModelConfig known) {
    return stated.modelType().equals(known.modelType())
        ? Optional.empty()
        : Optional.of(UnknownFamily.readAs(stated, known));
  }

  /**
   * Returns a note about configuration fields that no known version of the family's class has, so
   * that their effect is unknown.
   */
  public static Optional<String> unknownFields(ModelConfig config) {
    Set<String> features = find(config).features();
    List<String> fields = new ArrayList<>(unknown(config, features, ""));
    if (config.hasText()) {
      fields.addAll(unknown(config.text(), features, "text_config."));
    }
    return fields.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "A "
                + config.modelType()
                + " of Transformers 4.57 or 5.15 has no field "
                + String.join(", ", fields)
                + ". Nothing is computed with it; if the model needs it, its answers are others:"
                + " compare one with that of the model's own code before you rely on it.");
  }

  private static List<String> unknown(ModelConfig config, Set<String> features, String path) {
    return UnreadFeatures.unknown(config, features).entrySet().stream()
        .map(field -> path + field.getKey() + " (" + shortened(field.getValue()) + ")")
        .toList();
  }

  private static String shortened(JsonNode value) {
    String text = Json.compact(value);
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "...";
  }

  /**
   * Returns a note about an output matrix that is stored although the configuration ties it to the
   * embedding.
   */
  public static Optional<String> storedHead(ModelConfig config) {
    Architecture architecture = find(config);
    try (Network declared = architecture.declare(config)) {
      return StoredHead.find(config, architecture, declared)
          .filter(head -> !head.isExpected(config))
          .map(StoredHead::text);
    }
  }

  /** Returns a note about a folder's model if it is treated as one of another type. */
  public static Optional<String> note(Path folder) {
    ModelConfig stated = StoredModel.read(folder, WeightFormat.asStored()).config();
    return ofType(stated.modelType()).isPresent() ? Optional.empty() : note(stated, known(stated));
  }

  private static CheckpointException unknown(ModelConfig config, Optional<ShapeMatch> nearest) {
    return UnknownFamily.refusal(config, nearest, modelTypes());
  }
}
