package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.family.decoder.GemmaHeads;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The text models of Gemma 4: wider, partially rotated heads in global layers and, in one model, a
 * mixture of experts parallel to the MLP of each layer.
 */
final class Gemma4Family extends Gemma3Family {

  private static final String KV_HEADS = "attention.head_count_kv";
  private static final String GLOBAL_HEADS = "num_global_key_value_heads";
  private static final String GLOBAL_WIDTH = "global_head_dim";
  private static final String ONE = "attention_k_eq_v";
  private static final String DOUBLE_WIDE = "use_double_wide_mlp";
  private static final String INNER = "intermediate_size";
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";
  private static final String ROPE = "rope_parameters";
  private static final String CAP = "final_logit_softcapping";
  private static final String CHOSEN = "top_k_experts";
  private static final int PERIOD = 6;

  /** Frequency divisor so large that nothing rotates. */
  private static final float UNROTATED = 1e30f;

  @Override
  public String architecture() {
    return "gemma4";
  }

  @Override
  public String modelType() {
    return "gemma4_text";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma4_text", "gemma4");
  }

  @Override
  public String modelClass() {
    return "Gemma4ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        131_072, 1e-6, "gelu_pytorch_tanh", true, 10_000, OptionalInt.of(256));
  }

  /** Reads the configuration with the fields of sliding-window layers. */
  @Override
  Facts read(ModelConfig stated) {
    ModelConfig model = text(stated);
    DecoderConfig decoder = heads(model).localConfig(model, defaults());
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
    names.add(
        TensorName.tensor(
            "model.layers.{}.layer_scalar", "blk.{}.layer_output_scale.weight", Layout.SAME));
    names.addAll(experts());
    return names;
  }

  /** Returns the tensors of mixtures, with each scale vector next to its matrix. */
  private static List<TensorName> experts() {
    String expert = "experts[" + Place.EXPERT + "].";
    return List.of(
        layer("router.proj", "ffn_gate_inp"),
        factors("router.scale", "ffn_gate_inp.scale"),
        factors("router.per_expert_scale", "ffn_down_exps.scale"),
        layer(expert + "gate_up_proj", "ffn_gate_up_exps"),
        layer(expert + "down_proj", "ffn_down_exps"),
        layer("pre_feedforward_layernorm_2", "pre_ffw_norm_2"),
        layer("post_feedforward_layernorm_1", "post_ffw_norm_1"),
        layer("post_feedforward_layernorm_2", "post_ffw_norm_2"));
  }

  private static TensorName factors(String stored, String gguf) {
    return TensorName.tensor("model.layers.{}." + stored, "blk.{}." + gguf, Layout.SAME);
  }

  private static boolean isMixture(Facts facts) {
    return facts.fields().bool("enable_moe_block", false);
  }

  private static GemmaHeads heads(ModelConfig text) {
    List<Boolean> slides = new ArrayList<>();
    for (boolean slide : slides(text.fields())) {
      slides.add(slide);
    }
    return GemmaHeads.read(text, slides);
  }

  /** Returns the heads of global layers. */
  private Heads global(Facts facts) {
    return heads(facts.model()).global(facts.model(), defaults());
  }

  private static int shared(ConfigReader fields) {
    return fields.optionalInt(PerLayerInputs.SHARED).orElse(0);
  }

  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    ConfigReader fields = text(model).fields();
    return PerLayerInputs.isUnused(
        gguf, fields.requirePositiveInt("num_hidden_layers") - shared(fields));
  }

  /**
   * Returns which layers have a sliding window; the last one never has, whatever the configuration
   * says.
   */
  private static boolean[] slides(ConfigReader fields) {
    boolean[] slides = sliding(fields, fields.requirePositiveInt("num_hidden_layers"), PERIOD);
    slides[slides.length - 1] = false;
    return slides;
  }

  private int globalWidth(Facts facts) {
    return global(facts).dim();
  }

  /** Maps the intermediate size; layers that share keys and values may have twice the size. */
  @Override
  Field innerWidth() {
    return new Field(
        (facts, prefix, target) -> {
          String key = prefix + "feed_forward_length";
          int width = facts.decoder().intermediateSize();
          if (!facts.fields().bool(DOUBLE_WIDE, false)) {
            target.uint32(key, width);
            return;
          }
          int[] all = new int[facts.decoder().layers()];
          Arrays.fill(all, 2 * width);
          Arrays.fill(all, 0, all.length - shared(facts.fields()), width);
          target.int32s(key, all);
        },
        (source, prefix, config) -> {
          String key = prefix + "feed_forward_length";
          source.integer(key).ifPresent(width -> config.put(INNER, width));
          source
              .integers(key)
              .filter(all -> all.length > 0)
              .ifPresent(
                  all -> config.put(INNER, all[0]).put(DOUBLE_WIDE, all[all.length - 1] != all[0]));
        });
  }

  @Override
  Field keyValueHeads() {
    return new Field(
        (facts, prefix, target) -> {
          int local = facts.decoder().kvHeads();
          int global = global(facts).keyValue();
          boolean stated = facts.fields().has(GLOBAL_HEADS) && !facts.fields().isNull(GLOBAL_HEADS);
          if (!stated && global == local) {
            target.uint32(prefix + KV_HEADS, local);
            return;
          }
          boolean[] slides = slides(facts.fields());
          int[] all = new int[slides.length];
          for (int i = 0; i < all.length; i++) {
            all[i] = slides[i] ? local : global;
          }
          target.int32s(prefix + KV_HEADS, all);
        },
        (source, prefix, config) -> {
          source
              .integer(prefix + KV_HEADS)
              .ifPresent(count -> config.put("num_key_value_heads", count));
          source
              .integers(prefix + KV_HEADS)
              .filter(all -> all.length > 0)
              .ifPresent(
                  all -> {
                    config.put(GLOBAL_HEADS, all[all.length - 1]);
                    config.put("num_key_value_heads", all[firstSliding(source, prefix)]);
                  });
        });
  }

  private static int firstSliding(GgufMetadata source, String prefix) {
    boolean[] slides =
        source.bools(prefix + "attention.sliding_window_pattern").orElse(new boolean[0]);
    for (int i = 0; i < slides.length; i++) {
      if (slides[i]) {
        return i;
      }
    }
    return 0;
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>();
    fields.add(
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()));
    fields.add(contextLength());
    fields.add(
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()));
    fields.add(innerWidth());
    fields.add(
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()));
    fields.add(keyValueHeads());
    fields.add(theta("rope.freq_base", FULL, Gemma4Family::globalTheta));
    fields.add(theta("rope.freq_base_swa", SLIDING, facts -> facts.decoder().ropeTheta()));
    fields.add(rmsNormEps());
    ExpertRows.counts("num_experts", CHOSEN)
        .forEach(count -> fields.add(count.when(Gemma4Family::isMixture)));
    fields.add(Field.integer("attention.key_length", GLOBAL_WIDTH, this::globalWidth));
    fields.add(Field.derived("attention.value_length", this::globalWidth));
    return fields;
  }

  private static Field theta(String key, String type, ToDoubleFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.float32(prefix + key, (float) value.applyAsDouble(facts)),
        (source, prefix, config) ->
            source
                .number(prefix + key)
                .ifPresent(
                    found ->
                        config
                            .withObject("/" + ROPE)
                            .withObject("/" + type)
                            .put("rope_theta", Field.decimal(found))));
  }

  private static Optional<ConfigReader> rope(Facts facts) {
    return facts.fields().child(ROPE).flatMap(all -> all.child(FULL));
  }

  private static double globalTheta(Facts facts) {
    return rope(facts).map(rope -> rope.positiveNumber("rope_theta", 1_000_000)).orElse(1e6);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.number(CAP, CAP, facts -> softCap(facts, CAP, 0))
            .when(facts -> facts.fields().has(CAP) && !facts.fields().isNull(CAP)),
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        Field.integer(
            "attention.shared_kv_layers", PerLayerInputs.SHARED, facts -> shared(facts.fields())),
        Field.integer(
            "embedding_length_per_layer_input",
            PerLayerInputs.WIDTH,
            facts -> PerLayerInputs.width(facts.fields())),
        pattern(),
        Field.integer("attention.key_length_swa", "head_dim", facts -> facts.decoder().headDim()),
        Field.derived("attention.value_length_swa", facts -> facts.decoder().headDim()),
        ExpertRows.width("moe_intermediate_size").when(Gemma4Family::isMixture),
        Field.derived("rope.dimension_count", this::globalWidth),
        Field.derived("rope.dimension_count_swa", facts -> facts.decoder().rotaryDim()),
        activation());
  }

  private static Field pattern() {
    String key = "attention.sliding_window_pattern";
    return new Field(
        (facts, prefix, target) -> target.bools(prefix + key, slides(facts.fields())),
        (source, prefix, config) ->
            source.bools(prefix + key).ifPresent(all -> PerLayerInputs.putTypes(config, all)));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().positiveInt("sliding_window", 512);
  }

  /**
   * Returns frequency divisors that disable rotation in global layers beyond the rotated fraction.
   */
  @Override
  public List<ExtraTensor> extraTensors(Facts facts) {
    double share =
        rope(facts).map(rope -> rope.positiveNumber("partial_rotary_factor", 1)).orElse(0.25);
    double factor = rope(facts).map(rope -> rope.positiveNumber("factor", 1)).orElse(1.0);
    int width = globalWidth(facts);
    float[] divisors = new float[width / 2];
    Arrays.fill(divisors, UNROTATED);
    Arrays.fill(divisors, 0, (int) (share * width) / 2, (float) factor);
    return List.of(new ExtraTensor(ROPE_DIVISORS, divisors));
  }

  @Override
  void readDivisors(float[] divisors, long contextLength, ObjectNode config) {
    int rotated = 0;
    while (rotated < divisors.length && divisors[rotated] < UNROTATED / 2) {
      rotated++;
    }
    ObjectNode rope = config.withObject("/" + ROPE).withObject("/" + FULL);
    rope.put("rope_type", "proportional");
    // Half a value more, so that truncation loses none.
    rope.put("partial_rotary_factor", Math.min(1, (2 * rotated + 0.5) / (2.0 * divisors.length)));
    if (rotated > 0 && divisors[0] != 1) {
      rope.put("factor", Field.decimal(divisors[0]));
    }
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(RopeScaling.Default.class);
  }

  @Override
  public void requireSupported(Facts facts) {
    requireLlamaLike(facts);
    PerLayerInputs.requireRows(facts);
    PerLayerInputs.requireShared(facts, slides(facts.fields()), shared(facts.fields()));
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    config.put("enable_moe_block", config.has(CHOSEN));
    config.withObject("/" + ROPE).withObject("/" + SLIDING).put("rope_type", "default");
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.set(PerLayerInputs.ROWS, config.path("vocab_size"));
    JsonNode types = config.path("layer_types");
    for (int i = 0; i < types.size(); i++) {
      if (types.path(i).asText().equals(FULL) && tensors.contains("blk." + i + ".attn_k.weight")) {
        config.put(ONE, !tensors.contains("blk." + i + ".attn_v.weight"));
        break;
      }
    }
    boolean ownHeads = config.has(GLOBAL_HEADS) && !config.path(ONE).asBoolean();
    if (ownHeads && !config.path(GLOBAL_HEADS).equals(config.path("num_key_value_heads"))) {
      putByLayer(config, types);
    }
  }

  /** Sets the number of heads of layers with separate keys and values. */
  private static void putByLayer(ObjectNode config, JsonNode types) {
    ObjectNode layers = config.putObject("per_layer_config");
    for (int i = 0; i < types.size(); i++) {
      if (types.path(i).asText().equals(FULL)) {
        ObjectNode own = layers.putObject(String.valueOf(i));
        own.set("head_dim", config.path(GLOBAL_WIDTH));
        own.set("num_key_value_heads", config.path(GLOBAL_HEADS));
      }
    }
    config.remove(List.of(GLOBAL_HEADS, GLOBAL_WIDTH));
  }
}
