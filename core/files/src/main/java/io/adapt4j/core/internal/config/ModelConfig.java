package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.EightBitFloats;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.StoredType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A model's {@code config.json}: the fields that all families share, and all others through {@link
 * #fields()}. {@link DecoderConfig#from} reads the fields of Llama-like decoders. Saving keeps
 * every field, known or not, in its order, and adds {@link EarlierFields}; only {@link JinaFields}
 * are translated.
 *
 * <p>Immutable and thread-safe.
 */
public final class ModelConfig {

  /** Name of the file in a checkpoint folder. */
  public static final String FILE = "config.json";

  private static final String MODEL_TYPE = "model_type";
  private static final String TEXT = "text_config";
  private static final String ROPE_OF_5 = "rope_parameters";
  private static final String QUANTIZATION = "quantization_config";
  private static final String METHOD = "quant_method";
  private static final String LAYERS = "num_hidden_layers";

  private final ConfigReader fields;
  private final String modelType;
  private final List<String> architectures;
  private final Optional<StoredType> dtype;
  private final TokenIds tokenIds;
  private final ExpertStacks.Layout experts;
  private final Optional<Restacked> restacked;

  /** A new order of the layers, and the number of those in the weights. */
  private record Restacked(LayerStack stack, int stored) {}

  private ModelConfig(ConfigReader fields) {
    this(fields, ExpertStacks.Layout.SEPARATE, Optional.empty());
  }

  private ModelConfig(
      ConfigReader fields, ExpertStacks.Layout experts, Optional<Restacked> restacked) {
    if (fields.has(QUANTIZATION)) {
      throw fields.invalid(
          QUANTIZATION,
          "no such field",
          "Weights quantized by "
              + method(fields.json().path(QUANTIZATION))
              + " are not read here: use the model's original ones. 4-bit weights"
              + " of bitsandbytes load as they are with adapt4j-qlora on the class path, and its"
              + " QuantizedCheckpoint.dequantize writes them as plain ones; FP8 (fp8, fbgemm_fp8,"
              + " and float-quantized of compressed-tensors) and MXFP4 (mxfp4) are read.");
    }
    SizeLimits.check(fields);
    this.fields = fields;
    this.modelType = fields.requireText(MODEL_TYPE);
    this.architectures = fields.texts("architectures");
    this.dtype = readDtype(fields);
    this.tokenIds = readTokenIds(fields);
    this.experts = experts;
    this.restacked = restacked;
  }

  /** Describes a quantization method, with its format if it has several. */
  private static String method(JsonNode quantization) {
    String format = quantization.path("format").asText("");
    return "'"
        + quantization.path(METHOD).asText("an unnamed method")
        + "'"
        + (format.isEmpty() ? "" : " (" + format + ")");
  }

  /** Reads {@code config.json} in a checkpoint folder. */
  public static ModelConfig read(Path folder) {
    ConfigReader fields = inTransformersForm(dequantized(ConfigReader.read(folder.resolve(FILE))));
    return new ModelConfig(fields, ExpertStacks.layoutIn(folder, fields.json()), Optional.empty());
  }

  /**
   * Removes the quantization of MXFP4 and FP8 checkpoints, whose weights are dequantized when they
   * are read.
   */
  private static ConfigReader dequantized(ConfigReader fields) {
    ObjectNode plain = fields.json();
    boolean changed = removeDecoded(plain);
    changed |= plain.get(TEXT) instanceof ObjectNode text && removeDecoded(text);
    return changed ? ConfigReader.of(fields.file(), plain) : fields;
  }

  private static boolean removeDecoded(ObjectNode fields) {
    JsonNode quantization = fields.path(QUANTIZATION);
    boolean decoded =
        quantization.path(METHOD).asText().equals(MxFourBit.METHOD)
            || EightBitFloats.areRead(quantization);
    if (decoded) {
      fields.remove(QUANTIZATION);
    }
    return decoded;
  }

  public static ModelConfig parse(Path file, String json) {
    return new ModelConfig(inTransformersForm(ConfigReader.parse(file, json)));
  }

  private static ConfigReader inTransformersForm(ConfigReader stated) {
    return EarlierFields.added(JinaFields.translated(stated));
  }

  /**
   * Returns whether the checkpoint has the experts of a layer in one tensor, as Transformers 5 may
   * write them.
   */
  public boolean hasStackedExperts() {
    return experts != ExpertStacks.Layout.SEPARATE;
  }

  /** Returns whether these tensors, if there are any, have the matrices as [in, out]. */
  public boolean hasTurnedExperts() {
    return experts == ExpertStacks.Layout.TURNED;
  }

  /** Returns the model family, such as {@code llama}. */
  public String modelType() {
    return modelType;
  }

  /** Returns the model classes, such as {@code LlamaForCausalLM}. */
  public List<String> architectures() {
    return architectures;
  }

  /**
   * Returns the floating-point type the weights were saved in; the type in the weight files takes
   * precedence.
   */
  public Optional<StoredType> dtype() {
    return dtype;
  }

  public OptionalInt bosTokenId() {
    return tokenIds.bos();
  }

  /** Returns the tokens at the end of a text. */
  public List<Integer> eosTokenIds() {
    return tokenIds.eos();
  }

  /**
   * Returns the padding token: {@code pad_token_id}, if there is one; -1, as in some old files,
   * counts as none.
   */
  public OptionalInt padTokenId() {
    return tokenIds.pad();
  }

  /**
   * Returns whether the file was written by Transformers 5, judged by its version or by a field
   * that older versions do not know. This matters for files that the two versions interpret
   * differently.
   */
  public boolean isOfTransformers5() {
    String version = fields.node("transformers_version").asText("");
    int end = version.indexOf('.');
    String major = end < 0 ? version : version.substring(0, end);
    boolean newer = !major.isEmpty() && major.chars().allMatch(Character::isDigit);
    return (newer && (major.length() > 1 || major.charAt(0) >= '5'))
        || fields.has(ROPE_OF_5)
        || fields.node(TEXT).hasNonNull(ROPE_OF_5);
  }

  /** {@return whether the model is multimodal, so that its text model is nested} */
  public boolean hasText() {
    return fields.has(TEXT);
  }

  /** Returns the configuration of the text model in a multimodal one. */
  public ModelConfig text() {
    ConfigReader text =
        fields
            .child(TEXT)
            .orElseThrow(() -> fields.invalid(TEXT, "the fields of the text model", "Add them."));
    ModelConfig config = new ModelConfig(text, experts, restacked);
    String tied = "tie_word_embeddings";
    return fields.has(tied)
        ? config.with(tied, BooleanNode.valueOf(fields.bool(tied, false)))
        : config;
  }

  /**
   * Returns the configuration of another part of a multimodal model, such as an image tower, as one
   * of a given type.
   */
  public ModelConfig part(String field, String type) {
    ConfigReader part =
        fields
            .child(field)
            .orElseThrow(() -> fields.invalid(field, "the fields of this part", "Add them."));
    return new ModelConfig(part.with(MODEL_TYPE, TextNode.valueOf(type)));
  }

  /** Returns typed access to all fields, for those that are specific to a family. */
  public ConfigReader fields() {
    return fields;
  }

  /** {@return a copy of all fields} */
  public ObjectNode toJson() {
    return fields.json();
  }

  /** Returns this configuration with one field added or replaced. */
  public ModelConfig with(String field, JsonNode value) {
    ObjectNode changed = toJson();
    changed.set(field, value);
    return changed(changed, restacked);
  }

  private ModelConfig changed(ObjectNode json, Optional<Restacked> stack) {
    return new ModelConfig(ConfigReader.of(fields.file(), json), experts, stack);
  }

  /** Returns the order of the layers if it differs from that of the weights. */
  public Optional<LayerStack> layerStack() {
    return restacked.map(Restacked::stack);
  }

  /**
   * Returns this configuration for a new stack of its layers: the number of layers and all lists
   * with an entry for each layer follow the stack. The weights have {@code layers} layers.
   */
  public ModelConfig stackedBy(LayerStack stack, int layers) {
    ObjectNode changed = relayered(layers, stack.layers());
    return changed(changed, Optional.of(new Restacked(stack, layers)));
  }

  /** Returns this configuration with the layers of the weights, which are all of one kind. */
  public ModelConfig unstacked() {
    if (restacked.isEmpty()) {
      return this;
    }
    int size = restacked.get().stack().size();
    List<Integer> layers =
        IntStream.range(0, restacked.get().stored()).mapToObj(layer -> layer % size).toList();
    return changed(relayered(size, layers), Optional.empty());
  }

  private ObjectNode relayered(int before, List<Integer> layers) {
    ObjectNode changed = toJson();
    for (String name : List.copyOf(changed.properties()).stream().map(e -> e.getKey()).toList()) {
      if (name.contains("layer") && changed.get(name) instanceof ArrayNode of) {
        if (of.size() == before) {
          ArrayNode entries = changed.putArray(name);
          layers.forEach(layer -> entries.add(of.get(layer)));
        }
      }
    }
    return changed.put(LAYERS, layers.size());
  }

  /** Opens the weights in a folder, with the layers in this configuration's order. */
  public Checkpoint openWeights(Path folder) {
    Checkpoint stored = Checkpoint.open(folder);
    return restacked.map(changed -> stored.stacked(changed.stack())).orElse(stored);
  }

  /** Returns this configuration with {@code tie_word_embeddings} set. */
  public ModelConfig withTieWordEmbeddings(boolean tied) {
    return with("tie_word_embeddings", BooleanNode.valueOf(tied));
  }

  /** Returns this configuration with the weights' type set, under the key the file already uses. */
  public ModelConfig withDtype(StoredType type) {
    String field = fields.has("torch_dtype") && !fields.has("dtype") ? "torch_dtype" : "dtype";
    return with(field, TextNode.valueOf(dtypeName(type)));
  }

  /** Writes {@code config.json} into a folder, atomically; the folder is created if missing. */
  public void save(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      AtomicFiles.writeJson(file, fields.json());
    } catch (IOException e) {
      throw new CheckpointException(
          file + ": writing failed: " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  /** Reads the token ids; those of the text model if the top level has none. */
  private static TokenIds readTokenIds(ConfigReader fields) {
    TokenIds own = TokenIds.read(fields);
    return own.eos().isEmpty() && fields.has(TEXT)
        ? fields.child(TEXT).map(TokenIds::read).orElse(own)
        : own;
  }

  private static Optional<StoredType> readDtype(ConfigReader fields) {
    String field = fields.has("dtype") ? "dtype" : "torch_dtype";
    return fields.optionalText(field).map(name -> parseDtype(fields, field, name));
  }

  private static StoredType parseDtype(ConfigReader fields, String field, String name) {
    String plain = name.startsWith("torch.") ? name.substring("torch.".length()) : name;
    return switch (plain) {
      case "float32" -> StoredType.F32;
      case "float16" -> StoredType.F16;
      case "bfloat16" -> StoredType.BF16;
      case "float64" -> StoredType.F64;
      default ->
          throw fields.invalid(
              field,
              "one of float32, float16, bfloat16, float64",
              "Correct the field to the type of the weights, or remove it.");
    };
  }

  private static String dtypeName(StoredType type) {
    return switch (type) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case F64 -> "float64";
      default ->
          throw new IllegalArgumentException(
              "dtype: expected F32, F16, BF16 or F64, found " + type + "; convert the weights");
    };
  }
}
