package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RotaryShare;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Qwen3-Next and Qwen 3.5: gated linear attention, with full attention in some layers. */
final class QwenLinearFamilies {

  private static final String LINEAR = "linear_attention";
  private static final String INTERVAL = "full_attention_interval";
  private static final String RECURRENT = "attention.recurrent_layers";
  private static final int USUAL_INTERVAL = 4;

  /** Sections of the rotated part for image positions (M-RoPE); text has a single position. */
  private static final int[] SECTIONS = {11, 11, 10, 0};

  /** The key of the sections of rotary positions. */
  static final Field SECTIONS_KEY =
      Field.written(
          (facts, prefix, target) ->
              target.int32s(prefix + "rope.dimension_sections", sections(facts)));

  private QwenLinearFamilies() {}

  /** The heads of linear attention. */
  private record LinearHeads(int keys, int values, int keyWidth, int valueWidth) {

    static LinearHeads read(ConfigReader fields) {
      return new LinearHeads(
          fields.positiveInt("linear_num_key_heads", 16),
          fields.positiveInt("linear_num_value_heads", 32),
          fields.positiveInt("linear_key_head_dim", 128),
          fields.positiveInt("linear_value_head_dim", 128));
    }

    static LinearHeads of(Facts facts) {
      return read(facts.fields());
    }

    int allKeys() {
      return keys * keyWidth;
    }

    int allValues() {
      return values * valueWidth;
    }
  }

  /** Qwen3-Next: linear-attention projections interleaved by group. */
  static FamilyDeclaration<?> qwen3Next() {
    return like("qwen3next", "qwen3_next", "Qwen3NextForCausalLM", true)
        .more(model -> interleaved(LinearHeads.read(model.fields())));
  }

  /**
   * The text models of Qwen 3.5 and 3.6. Files order value heads round-robin over the key heads.
   */
  static FamilyDeclaration<?> qwen35() {
    return qwen35("qwen35", "qwen3_5", "Qwen3_5ForCausalLM", false);
  }

  /** The mixtures of experts of Qwen 3.5 and 3.6. */
  static FamilyDeclaration<?> qwen35Moe() {
    return qwen35("qwen35moe", "qwen3_5_moe", "Qwen3_5MoeForCausalLM", true);
  }

  private static FamilyDeclaration<?> qwen35(
      String architecture, String modelType, String modelClass, boolean sparse) {
    LlamaLike family = like(architecture, modelType + "_text", modelClass, sparse);
    return family
        .alsoOf(modelType)
        .whole(model -> !model.modelType().endsWith("_text"))
        .more(
            model ->
                roundRobin(
                    LinearHeads.read((family.whole.test(model) ? model.text() : model).fields())))
        .after(SECTIONS_KEY);
  }

  private static LlamaLike like(
      String architecture, String modelType, String modelClass, boolean sparse) {
    LlamaLike family =
        new LlamaLike(architecture, modelType, modelClass)
            .rotatesPart()
            .normLayout(Layout.PLUS_ONE)
            .norms("input_layernorm = attn_norm", "post_attention_layernorm = post_attention_norm")
            .queryKeyNorms()
            .statesHeadDim(true)
            .more(Experts.usual())
            .more(Experts.gatedShared());
    if (sparse) {
      family
          .alsoBefore(Experts.counts("num_experts", "num_experts_per_tok"))
          .after(Experts.width(), Experts.sharedWidth());
    }
    family
        .after(
            Field.integer("ssm.conv_kernel", "linear_conv_kernel_dim", 4),
            heads("ssm.state_size", "linear_key_head_dim", LinearHeads::keyWidth),
            heads("ssm.group_count", "linear_num_key_heads", LinearHeads::keys),
            heads("ssm.time_step_rank", "linear_num_value_heads", LinearHeads::values),
            Field.derived("ssm.inner_size", facts -> LinearHeads.of(facts).allValues()),
            Field.derived(INTERVAL, QwenLinearFamilies::interval)
                .when(facts -> interval(facts) > 0),
            Field.written(
                    (facts, prefix, target) -> target.bools(prefix + RECURRENT, recurrent(facts)))
                .when(facts -> interval(facts) == 0),
            RotaryShare.count())
        .check(
            facts -> {
              LinearHeads heads = LinearHeads.of(facts);
              if (heads.keyWidth() != heads.valueWidth()) {
                throw Checks.refused(facts, "linear_value_head_dim", "linear_key_head_dim");
              }
              if (sparse) {
                Experts.requireEverywhere(facts);
                Experts.requireNormalized(facts, true, true);
              }
            })
        .unused(NextLayers::has)
        .complete(NextLayers::remove)
        .complete(QwenLinearFamilies::putTypes);
    if (sparse) {
      family.complete((metadata, prefix, config) -> config.put("norm_topk_prob", true));
    }
    return family.complete(RotaryShare::complete);
  }

  private static Field heads(String key, String field, Function<LinearHeads, Integer> value) {
    return Field.integer(key, field, facts -> value.apply(LinearHeads.of(facts)));
  }

  private static boolean[] recurrent(Facts facts) {
    boolean[] recurrent = new boolean[facts.decoder().layers()];
    List<String> types = facts.fields().texts("layer_types");
    if (types.isEmpty()) {
      return SlidingWindows.byPeriod(
          recurrent.length, facts.fields().positiveInt(INTERVAL, USUAL_INTERVAL));
    }
    for (int i = 0; i < recurrent.length; i++) {
      recurrent[i] = types.get(i).equals(LINEAR);
    }
    return recurrent;
  }

  /** Returns the period of full-attention layers; 0 if they are not periodic. */
  private static int interval(Facts facts) {
    boolean[] recurrent = recurrent(facts);
    int stated = facts.fields().positiveInt(INTERVAL, USUAL_INTERVAL);
    if (Arrays.equals(recurrent, SlidingWindows.byPeriod(recurrent.length, stated))) {
      return stated;
    }
    for (int interval = 1; interval <= recurrent.length; interval++) {
      if (Arrays.equals(recurrent, SlidingWindows.byPeriod(recurrent.length, interval))) {
        return interval;
      }
    }
    return 0;
  }

  private static void putTypes(GgufMetadata metadata, String prefix, ObjectNode config) {
    int layers = Math.max(0, config.path("num_hidden_layers").asInt());
    int interval = (int) Math.max(1, metadata.integer(prefix + INTERVAL).orElse(USUAL_INTERVAL));
    boolean[] recurrent =
        metadata
            .bools(prefix + RECURRENT)
            .orElseGet(() -> SlidingWindows.byPeriod(layers, interval));
    SlidingWindows.putTypes(config, Arrays.copyOf(recurrent, layers), LINEAR, SlidingWindows.FULL);
    long values = Math.max(1, config.path("linear_num_value_heads").asLong());
    config.put(
        "linear_value_head_dim", metadata.integer(prefix + "ssm.inner_size").orElse(0) / values);
  }

  private static List<TensorName> interleaved(LinearHeads heads) {
    int queryKeyValue = 2 * heads.allKeys() + heads.allValues();
    int all = queryKeyValue + heads.allValues();
    int group = all / heads.keys();
    int ofGroup = heads.allValues() / heads.keys();
    int[] first = new int[queryKeyValue];
    int[] gates = new int[heads.allValues()];
    int width = heads.keyWidth();
    for (int key = 0; key < heads.keys(); key++) {
      int from = key * group;
      copy(from, first, key * width, width);
      copy(from + width, first, heads.allKeys() + key * width, width);
      copy(from + 2 * width, first, 2 * heads.allKeys() + key * ofGroup, ofGroup);
      copy(from + 2 * width + ofGroup, gates, key * ofGroup, ofGroup);
    }
    String in = "linear_attn.in_proj_qkvz";
    return List.of(
        TensorName.layer(in, "attn_qkv", Layout.SAME.with(RowOrder.listed(first, all))),
        TensorName.layer(in, "attn_gate", Layout.SAME.with(RowOrder.listed(gates, all))),
        TensorName.layer("linear_attn.in_proj_ba", "ssm_ba", Layout.SAME),
        TensorName.layer("linear_attn.out_proj", "ssm_out", Layout.SAME),
        linear("conv1d.weight", "ssm_conv1d.weight", Layout.SQUEEZED),
        linear("norm.weight", "ssm_norm.weight", Layout.SAME),
        linear("dt_bias", "ssm_dt.bias", Layout.SAME),
        linear("A_log", "ssm_a", Layout.DECAY));
  }

  private static void copy(int from, int[] target, int at, int count) {
    for (int i = 0; i < count; i++) {
      target[at + i] = from + i;
    }
  }

  private static TensorName linear(String stored, String gguf, Layout layout) {
    return TensorName.layerTensor("linear_attn." + stored, gguf, layout);
  }

  private static List<TensorName> roundRobin(LinearHeads heads) {
    int before = 2 * heads.allKeys();
    int width = heads.valueWidth();
    RowOrder mixed = order(heads, before, width);
    RowOrder values = order(heads, 0, width);
    RowOrder single = order(heads, 0, 1);
    Layout ofHeads = Layout.SAME.with(single);
    boolean same = heads.keys() == heads.values();
    return List.of(
        TensorName.layer("linear_attn.in_proj_qkv", "attn_qkv", Layout.SAME.with(mixed)),
        TensorName.layer("linear_attn.in_proj_z", "attn_gate", Layout.SAME.with(values)),
        TensorName.layer("linear_attn.in_proj_b", "ssm_beta", ofHeads),
        TensorName.layer("linear_attn.in_proj_a", "ssm_alpha", ofHeads),
        TensorName.layer(
            "linear_attn.out_proj",
            "ssm_out",
            same ? Layout.SAME : Layout.SAME.withColumns(values)),
        linear("conv1d.weight", "ssm_conv1d.weight", Layout.SQUEEZED.with(mixed)),
        linear("norm.weight", "ssm_norm.weight", Layout.SAME),
        linear("dt_bias", "ssm_dt.bias", ofHeads),
        linear("A_log", "ssm_a", Layout.DECAY.with(single)));
  }

  /** Returns the order of value heads, after leading rows that keep theirs. */
  private static RowOrder order(LinearHeads heads, int before, int width) {
    if (heads.keys() == heads.values()) {
      return RowOrder.SAME;
    }
    int[] rows = new int[before + heads.values() * width];
    copy(0, rows, 0, before);
    int ofKey = heads.values() / heads.keys();
    for (int head = 0; head < heads.values(); head++) {
      int stored = head % heads.keys() * ofKey + head / heads.keys();
      copy(before + stored * width, rows, before + head * width, width);
    }
    return RowOrder.listed(rows, rows.length);
  }

  private static int[] sections(Facts facts) {
    return Stream.of("rope_parameters", "rope_scaling")
        .flatMap(field -> facts.fields().child(field).stream())
        .map(fields -> fields.json().path("mrope_section"))
        .filter(sections -> sections.size() == 3)
        .findFirst()
        .map(
            sections ->
                new int[] {
                  sections.path(0).asInt(), sections.path(1).asInt(), sections.path(2).asInt(), 0
                })
        .orElse(SECTIONS);
  }
}
