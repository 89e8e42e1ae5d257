package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The text model of Gemma 3n. llama.cpp hardcodes most of its settings to those of the two
 * published sizes.
 */
final class Gemma3n {

  private static final String SPARSITY = "activation_sparsity_pattern";
  private static final String CAP = GemmaFamilies.FINAL_CAP;
  private static final String ACTIVE = "altup_active_idx";
  private static final String INPUTS = "altup_num_inputs";

  private static final int PERIOD = 5;

  /** Number of leading layers that compute their own keys and values. */
  private static final int OWN_LAYERS = 20;

  /** Number of leading layers with sparse gate activations. */
  private static final int SPARSE_LAYERS = 10;

  private static final double SPARSE = 0.95;

  /** Normal quantile of the fixed sparsity: the cutoff in standard deviations above the mean. */
  private static final float DEVIATIONS = 1.6448534f;

  private Gemma3n() {}

  static FamilyDeclaration<?> family() {
    LlamaLike family = GemmaFamilies.like("gemma3n", "gemma3n_text", "Gemma3nForCausalLM");
    return family
        .alsoOf("gemma3n")
        .whole(GemmaFamilies::isWhole)
        .accepts(model -> !text(model).fields().bool("use_bidirectional_attention", false))
        .normLayout(Layout.SAME)
        .queryKeyNorms()
        .statesHeadDim(true)
        .inner(PerLayerInputs.innerWidths())
        .localTheta(GemmaFamilies.localTheta())
        .more(model -> PerLayerInputs.names(text(model), family.facts(model).decoder().vocabSize()))
        .more(
            TensorName.modules(
                "model.altup_projections." + Place.EXPERT + " = altup_proj",
                "model.altup_unembed_projections." + Place.EXPERT + " = altup_unembd_proj"))
        .more(
            TensorName.layers(
                "altup.modality_router = altup_router",
                "altup.router_norm = altup_router_norm",
                "altup.prediction_coefs = altup_predict_coef",
                "altup.correction_coefs = altup_correct_coef",
                "laurel.linear_left = laurel_l",
                "laurel.linear_right = laurel_r",
                "laurel.post_laurel_norm = laurel_post_norm"))
        .more(
            List.of(
                TensorName.layerTensor(
                    "altup.correct_output_scale", "altup_correct_scale.weight", Layout.SAME)))
        .unreadTensors(model -> unread(model, family.facts(model).decoder()))
        .unused((gguf, model) -> PerLayerInputs.isUnused(gguf, text(model).fields(), 15))
        .after(
            Field.number(CAP, CAP, facts -> GemmaFamilies.softCap(facts, CAP, 30)),
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 512)),
            Field.integer("altup.active_idx", ACTIVE, facts -> active(facts.fields())),
            Field.integer("altup.num_inputs", INPUTS, 4),
            PerLayerInputs.widthKey(),
            PerLayerInputs.sharedKey(15),
            sparsity(),
            SlidingWindows.statedPattern(PERIOD),
            GemmaFamilies.activation())
        .scalings(Set.of(RopeScaling.Default.class, RopeScaling.Linear.class))
        .windows(SlidingWindows::requireStated)
        .check(PerLayerInputs::requireRows)
        .check(Gemma3n::requirePublished)
        .complete(
            (metadata, prefix, config) ->
                config.put("laurel_rank", 64).put("altup_correct_scale", true).put(CAP, 30.0))
        .fit((tensors, config) -> config.set(PerLayerInputs.ROWS, config.path("vocab_size")));
  }

  private static ModelConfig text(ModelConfig model) {
    return GemmaFamilies.isWhole(model) ? model.text() : model;
  }

  private static int shared(ConfigReader fields) {
    return PerLayerInputs.shared(fields, 15);
  }

  /**
   * Returns the key and value tensors of layers that share those of others: llama.cpp requires
   * them, as checkpoints do.
   */
  private static Map<String, List<Long>> unread(ModelConfig model, DecoderConfig decoder) {
    String root = GemmaFamilies.isWhole(model) ? "model.language_model." : "model.";
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

  private static int active(ConfigReader fields) {
    return fields.optionalInt(ACTIVE).orElse(0);
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

  private static void requirePublished(Facts facts) {
    ConfigReader fields = facts.fields();
    int layers = facts.decoder().layers();
    Checks.number(facts, INPUTS, fields.positiveInt(INPUTS, 4), 4);
    Checks.number(facts, ACTIVE, active(fields), 0);
    Checks.number(facts, "laurel_rank", fields.positiveInt("laurel_rank", 64), 64);
    Checks.number(facts, PerLayerInputs.WIDTH, PerLayerInputs.width(fields), 256);
    Checks.number(facts, PerLayerInputs.SHARED, shared(fields), Math.max(0, layers - OWN_LAYERS));
    Checks.flag(facts, "altup_correct_scale", true, true);
    if (GemmaFamilies.softCap(facts, CAP, 30) != 30) {
      throw Checks.refused(facts, CAP, "30");
    }
    if (!isUsualSparsity(fields.json().path(SPARSITY), layers)) {
      throw Checks.refused(facts, SPARSITY, "0.95 in the first ten layers and 0 after them");
    }
    PerLayerInputs.requireShared(facts, SlidingWindows.layers(facts, PERIOD), shared(fields));
    int[] inner = PerLayerInputs.inner(facts.model(), layers);
    if (Arrays.stream(inner).anyMatch(width -> width != inner[0])) {
      throw Checks.refused(facts, "intermediate_size", "the same width in all layers");
    }
  }
}
