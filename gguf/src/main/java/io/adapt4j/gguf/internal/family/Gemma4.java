package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.family.decoder.GemmaHeads;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The text models of Gemma 4: wider, partially rotated heads in global layers and, in one model, a
 * mixture of experts parallel to the MLP of each layer.
 */
final class Gemma4 {

  private static final String KV_HEADS = "attention.head_count_kv";
  private static final String GLOBAL_HEADS = "num_global_key_value_heads";
  private static final String GLOBAL_WIDTH = "global_head_dim";
  private static final String ONE = "attention_k_eq_v";
  private static final String DOUBLE_WIDE = "use_double_wide_mlp";
  private static final String INNER = "intermediate_size";
  private static final String FULL = SlidingWindows.FULL;
  private static final String SLIDING = SlidingWindows.SLIDING;
  private static final String ROPE = "rope_parameters";
  private static final String CAP = GemmaFamilies.FINAL_CAP;
  private static final String CHOSEN = "top_k_experts";
  private static final int PERIOD = 6;

  /** Frequency divisor so large that nothing rotates. */
  private static final float UNROTATED = 1e30f;

  private final LlamaLike declared =
      GemmaFamilies.like("gemma4", "gemma4_text", "Gemma4ForCausalLM");

  private Gemma4() {}

  static FamilyDeclaration<?> family() {
    return new Gemma4().declare();
  }

  private FamilyDeclaration<?> declare() {
    return declared
        .alsoOf("gemma4")
        .tokenizer(TokenizerStyle.GEMMA_4)
        .whole(GemmaFamilies::isWhole)
        .accepts(model -> !text(model).fields().bool("use_bidirectional_attention", false))
        .normLayout(Layout.SAME)
        .queryKeyNorms()
        .more(
            model -> PerLayerInputs.names(text(model), declared.facts(model).decoder().vocabSize()))
        .more(names())
        .unused((gguf, model) -> PerLayerInputs.isUnused(gguf, text(model).fields(), 0))
        .ownKeys(
            DecoderKeys.BLOCKS,
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            innerWidth(),
            DecoderKeys.HEADS,
            keyValueHeads(),
            theta("rope.freq_base", FULL, Gemma4::globalTheta),
            theta("rope.freq_base_swa", SLIDING, facts -> facts.decoder().ropeTheta()),
            DecoderKeys.RMS_EPS)
        .alsoBefore(
            Experts.counts("num_experts", CHOSEN).stream()
                .map(count -> count.when(Gemma4::isMixture))
                .toList())
        .alsoBefore(
            List.of(
                Field.integer("attention.key_length", GLOBAL_WIDTH, this::globalWidth),
                Field.derived("attention.value_length", this::globalWidth)))
        .after(
            Field.number(CAP, CAP, facts -> GemmaFamilies.softCap(facts, CAP, 0))
                .when(facts -> facts.fields().has(CAP) && !facts.fields().isNull(CAP)),
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 512)),
            PerLayerInputs.sharedKey(0),
            PerLayerInputs.widthKey(),
            new Field(
                (facts, prefix, target) ->
                    target.bools(prefix + SlidingWindows.PATTERN, slides(facts.fields())),
                (source, prefix, config) ->
                    source
                        .bools(prefix + SlidingWindows.PATTERN)
                        .ifPresent(all -> SlidingWindows.putTypes(config, all))),
            Field.integer(
                "attention.key_length_swa", "head_dim", facts -> facts.decoder().headDim()),
            Field.derived("attention.value_length_swa", facts -> facts.decoder().headDim()),
            Experts.width().when(Gemma4::isMixture),
            Field.derived("rope.dimension_count", this::globalWidth),
            Field.derived("rope.dimension_count_swa", facts -> facts.decoder().rotaryDim()),
            GemmaFamilies.activation())
        .extraTensors(this::divisors)
        .divisors(Gemma4::readDivisors)
        .scalings(Set.of(RopeScaling.Default.class))
        .windows(SlidingWindows::requireStated)
        .check(PerLayerInputs::requireRows)
        .check(
            facts ->
                PerLayerInputs.requireShared(
                    facts, slides(facts.fields()), PerLayerInputs.shared(facts.fields(), 0)))
        .complete(
            (metadata, prefix, config) -> {
              config.put("enable_moe_block", config.has(CHOSEN));
              config.withObject("/" + ROPE).withObject("/" + SLIDING).put("rope_type", "default");
            })
        .fit(Gemma4::fit);
  }

  private static ModelConfig text(ModelConfig model) {
    return GemmaFamilies.isWhole(model) ? model.text() : model;
  }

  /** Returns the tensors besides those of Gemma 3, with each scale vector next to its matrix. */
  private static List<TensorName> names() {
    String expert = "experts[" + Place.EXPERT + "].";
    return TensorName.concat(
        TensorName.layers(
            "router.proj = ffn_gate_inp",
            expert + "gate_up_proj = ffn_gate_up_exps",
            expert + "down_proj = ffn_down_exps",
            "pre_feedforward_layernorm_2 = pre_ffw_norm_2",
            "post_feedforward_layernorm_1 = post_ffw_norm_1",
            "post_feedforward_layernorm_2 = post_ffw_norm_2"),
        List.of(
            TensorName.layerTensor("layer_scalar", "layer_output_scale.weight", Layout.SAME),
            TensorName.layerTensor("router.scale", "ffn_gate_inp.scale", Layout.SAME),
            TensorName.layerTensor("router.per_expert_scale", "ffn_down_exps.scale", Layout.SAME)));
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
    return heads(facts.model()).global(facts.model());
  }

  private int globalWidth(Facts facts) {
    return global(facts).dim();
  }

  /**
   * Returns which layers have a sliding window; the last one never has, whatever the configuration
   * says.
   */
  private static boolean[] slides(ConfigReader fields) {
    boolean[] slides =
        SlidingWindows.layers(fields, fields.requirePositiveInt("num_hidden_layers"), PERIOD);
    slides[slides.length - 1] = false;
    return slides;
  }

  /** Maps the intermediate size; layers that share keys and values may have twice the size. */
  private static Field innerWidth() {
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
          Arrays.fill(all, 0, all.length - PerLayerInputs.shared(facts.fields(), 0), width);
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

  private Field keyValueHeads() {
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
    boolean[] slides = source.bools(prefix + SlidingWindows.PATTERN).orElse(new boolean[0]);
    for (int i = 0; i < slides.length; i++) {
      if (slides[i]) {
        return i;
      }
    }
    return 0;
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

  /**
   * Returns frequency divisors that disable rotation in global layers beyond the rotated fraction.
   */
  private List<ExtraTensor> divisors(Facts facts) {
    double share =
        rope(facts).map(rope -> rope.positiveNumber("partial_rotary_factor", 1)).orElse(0.25);
    double factor = rope(facts).map(rope -> rope.positiveNumber("factor", 1)).orElse(1.0);
    int width = globalWidth(facts);
    float[] divisors = new float[width / 2];
    Arrays.fill(divisors, UNROTATED);
    Arrays.fill(divisors, 0, (int) (share * width) / 2, (float) factor);
    return List.of(new ExtraTensor(RopeFields.DIVISORS, divisors));
  }

  private static void readDivisors(float[] divisors, long contextLength, ObjectNode config) {
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

  private static void fit(Set<String> tensors, ObjectNode config) {
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
