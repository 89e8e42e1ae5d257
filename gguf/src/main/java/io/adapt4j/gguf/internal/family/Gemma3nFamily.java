package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The text model of Gemma 3n. llama.cpp hardcodes most of its settings to those of the two
 * published sizes.
 */
final class Gemma3nFamily extends Gemma3Family {

  private static final String SPARSITY = "activation_sparsity_pattern";
  private static final String CAP = "final_logit_softcapping";

  private static final int PERIOD = 5;

  /** Number of leading layers that compute their own keys and values. */
  private static final int OWN_LAYERS = 20;

  /** Number of leading layers with sparse gate activations. */
  private static final int SPARSE_LAYERS = 10;

  private static final double SPARSE = 0.95;

  /** Normal quantile of the fixed sparsity: the cutoff in standard deviations above the mean. */
  private static final float DEVIATIONS = 1.6448534f;

  @Override
  public String architecture() {
    return "gemma3n";
  }

  @Override
  public String modelType() {
    return "gemma3n_text";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma3n_text", "gemma3n");
  }

  @Override
  public String modelClass() {
    return "Gemma3nForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        32_768, 1e-6, "gelu_pytorch_tanh", true, 1_000_000, OptionalInt.of(256));
  }

  @Override
  Facts read(ModelConfig stated) {
    ModelConfig model = text(stated);
    int layers = model.fields().requirePositiveInt("num_hidden_layers");
    int inner = PerLayerInputs.inner(model, layers)[0];
    DecoderConfig decoder =
        DecoderConfig.from(
            model.with("intermediate_size", IntNode.valueOf(inner)),
            defaults(),
            Optional.of("full_attention"));
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  @Override
  Layout normLayout() {
    return Layout.SAME;
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    List<TensorName> names = new ArrayList<>(super.names(model));
    names.addAll(PerLayerInputs.names(text(model), read(model).decoder().vocabSize()));
    names.add(TensorName.of("model.altup_projections." + Place.EXPERT, "altup_proj"));
    names.add(
        TensorName.of("model.altup_unembed_projections." + Place.EXPERT, "altup_unembd_proj"));
    names.add(layer("altup.modality_router", "altup_router"));
    names.add(layer("altup.router_norm", "altup_router_norm"));
    names.add(layer("altup.prediction_coefs", "altup_predict_coef"));
    names.add(layer("altup.correction_coefs", "altup_correct_coef"));
    names.add(
        TensorName.tensor(
            "model.layers.{}.altup.correct_output_scale",
            "blk.{}.altup_correct_scale.weight",
            Layout.SAME));
    names.add(layer("laurel.linear_left", "laurel_l"));
    names.add(layer("laurel.linear_right", "laurel_r"));
    names.add(layer("laurel.post_laurel_norm", "laurel_post_norm"));
    return names;
  }

  private static int shared(ConfigReader fields) {
    return fields.optionalInt(PerLayerInputs.SHARED).orElse(15);
  }

  /**
   * Returns the key and value tensors of layers that share those of others: llama.cpp requires
   * them, as checkpoints do.
   */
  @Override
  public Map<String, List<Long>> unreadTensors(ModelConfig model) {
    DecoderConfig decoder = read(model).decoder();
    String root = isWhole(model) ? "model.language_model." : "model.";
    long width = (long) decoder.kvHeads() * decoder.headDim();
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (int i = decoder.layers() - shared(text(model).fields()); i < decoder.layers(); i++) {
      String path = root + "layers." + i + ".self_attn.";
      shapes.put(path + "k_proj.weight", List.of(width, (long) decoder.hiddenSize()));
      shapes.put(path + "v_proj.weight", List.of(width, (long) decoder.hiddenSize()));
      shapes.put(path + "k_norm.weight", List.of((long) decoder.headDim()));
    }
    return shapes;
  }

  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    ConfigReader fields = text(model).fields();
    return PerLayerInputs.isUnused(
        gguf, fields.requirePositiveInt("num_hidden_layers") - shared(fields));
  }

  @Override
  Field innerWidth() {
    return PerLayerInputs.innerWidths();
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.number(CAP, CAP, facts -> softCap(facts, CAP, 30)),
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        Field.integer("altup.active_idx", "altup_active_idx", facts -> active(facts.fields())),
        Field.integer(
            "altup.num_inputs",
            "altup_num_inputs",
            facts -> facts.fields().positiveInt("altup_num_inputs", 4)),
        Field.integer(
            "embedding_length_per_layer_input",
            PerLayerInputs.WIDTH,
            facts -> PerLayerInputs.width(facts.fields())),
        Field.integer(
            "attention.shared_kv_layers", PerLayerInputs.SHARED, facts -> shared(facts.fields())),
        sparsity(),
        statedPattern(PERIOD),
        activation());
  }

  @Override
  int window(Facts facts) {
    return facts.fields().positiveInt("sliding_window", 512);
  }

  private static int active(ConfigReader fields) {
    return fields.optionalInt("altup_active_idx").orElse(0);
  }

  /** Maps the activation sparsity per layer; llama.cpp hardcodes it, whatever the key says. */
  private static Field sparsity() {
    return new Field(
        (facts, prefix, target) -> {
          float[] scales = new float[facts.decoder().layers()];
          Arrays.fill(scales, Float.NEGATIVE_INFINITY);
          Arrays.fill(scales, 0, Math.min(SPARSE_LAYERS, scales.length), DEVIATIONS);
          target.float32s(prefix + "activation_sparsity_scale", scales);
        },
        (source, prefix, config) -> {
          ArrayNode shares = config.putArray(SPARSITY);
          long layers = source.integer(prefix + "block_count").orElse(0);
          for (int i = 0; i < layers; i++) {
            shares.add(i < SPARSE_LAYERS ? SPARSE : 0.0);
          }
        });
  }

  private static boolean isUsualSparsity(JsonNode stated, int layers) {
    if (stated.isMissingNode() || stated.isNull()) {
      return layers > SPARSE_LAYERS;
    }
    for (int i = 0; i < layers; i++) {
      double share = (stated.isArray() ? stated.path(i) : stated).asDouble(-1);
      if (share != (i < SPARSE_LAYERS ? SPARSE : 0)) {
        return false;
      }
    }
    return true;
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(RopeScaling.Default.class, RopeScaling.Linear.class);
  }

  @Override
  public void requireSupported(Facts facts) {
    requireLlamaLike(facts);
    PerLayerInputs.requireRows(facts);
    ConfigReader fields = facts.fields();
    int layers = facts.decoder().layers();
    requireNumber(facts, "altup_num_inputs", fields.positiveInt("altup_num_inputs", 4), 4);
    requireNumber(facts, "altup_active_idx", active(fields), 0);
    requireNumber(facts, "laurel_rank", fields.positiveInt("laurel_rank", 64), 64);
    requireNumber(facts, PerLayerInputs.WIDTH, PerLayerInputs.width(fields), 256);
    requireNumber(facts, PerLayerInputs.SHARED, shared(fields), Math.max(0, layers - OWN_LAYERS));
    if (!fields.bool("altup_correct_scale", true)) {
      throw refused(facts, "altup_correct_scale", "true");
    }
    if (softCap(facts, CAP, 30) != 30) {
      throw refused(facts, CAP, "30");
    }
    if (!isUsualSparsity(fields.json().path(SPARSITY), layers)) {
      throw refused(facts, SPARSITY, "0.95 in the first ten layers and 0 after them");
    }
    PerLayerInputs.requireShared(facts, sliding(facts, PERIOD), shared(fields));
    int[] inner = PerLayerInputs.inner(facts.model(), layers);
    if (Arrays.stream(inner).anyMatch(width -> width != inner[0])) {
      throw refused(facts, "intermediate_size", "the same width in all layers");
    }
  }

  private static void requireNumber(Facts facts, String field, int found, int fixed) {
    if (found != fixed) {
      throw refused(facts, field, String.valueOf(fixed));
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    config.put("laurel_rank", 64).put("altup_correct_scale", true).put(CAP, 30.0);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.set(PerLayerInputs.ROWS, config.path("vocab_size"));
  }
}
