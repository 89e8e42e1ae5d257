package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The text models of Qwen 3.5 and 3.6, dense or mixtures of experts. Files order value heads
 * round-robin over the key heads.
 */
final class Qwen35Family extends LinearAttentionFamily {

  /** Sections of the rotated part for image positions (M-RoPE); text has a single position. */
  private static final int[] SECTIONS = {11, 11, 10, 0};

  private final String kind;

  Qwen35Family(boolean sparse) {
    super(sparse);
    this.kind = sparse ? "_moe" : "";
  }

  @Override
  public String architecture() {
    return kind.isEmpty() ? "qwen35" : "qwen35moe";
  }

  @Override
  public String modelType() {
    return "qwen3_5" + kind + "_text";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of(modelType(), "qwen3_5" + kind);
  }

  @Override
  public String modelClass() {
    return kind.isEmpty() ? "Qwen3_5ForCausalLM" : "Qwen3_5MoeForCausalLM";
  }

  @Override
  boolean isWhole(ModelConfig model) {
    return !model.modelType().endsWith("_text");
  }

  @Override
  void linearRows(LinearHeads heads, List<TensorName> names) {
    int before = 2 * heads.allKeys();
    int width = heads.valueWidth();
    Layout ofHeads = Layout.SAME.with(order(heads, 0, 1));
    Layout values = Layout.SAME.with(order(heads, 0, width));
    Layout mixed = Layout.SAME.with(order(heads, before, width));
    Layout kernels = Layout.SQUEEZED.with(order(heads, before, width));
    boolean same = heads.keys() == heads.values();
    names.add(layer("linear_attn.in_proj_qkv", "attn_qkv", mixed));
    names.add(layer("linear_attn.in_proj_z", "attn_gate", values));
    names.add(layer("linear_attn.in_proj_b", "ssm_beta", ofHeads));
    names.add(layer("linear_attn.in_proj_a", "ssm_alpha", ofHeads));
    names.add(
        layer(
            "linear_attn.out_proj",
            "ssm_out",
            same ? Layout.SAME : Layout.SAME.withColumns(order(heads, 0, width))));
    names.add(linear("conv1d.weight", "ssm_conv1d.weight", kernels));
    names.add(linear("norm.weight", "ssm_norm.weight", Layout.SAME));
    names.add(linear("dt_bias", "ssm_dt.bias", ofHeads));
    names.add(linear("A_log", "ssm_a", Layout.DECAY.with(order(heads, 0, 1))));
  }

  /** Returns the order of value heads, after leading rows that keep theirs. */
  private static RowOrder order(LinearHeads heads, int before, int width) {
    if (heads.keys() == heads.values()) {
      return RowOrder.SAME;
    }
    int[] rows = new int[before + heads.values() * width];
    for (int i = 0; i < before; i++) {
      rows[i] = i;
    }
    int ofKey = heads.values() / heads.keys();
    for (int head = 0; head < heads.values(); head++) {
      int stored = head % heads.keys() * ofKey + head / heads.keys();
      for (int i = 0; i < width; i++) {
        rows[before + head * width + i] = before + stored * width + i;
      }
    }
    return RowOrder.listed(rows, rows.length);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsAfterFileType());
    fields.add(
        new Field(
            (facts, prefix, target) ->
                target.int32s(prefix + "rope.dimension_sections", sections(facts)),
            (source, prefix, config) -> {}));
    return fields;
  }

  private static int[] sections(Facts facts) {
    return Optional.of(facts.fields())
        .flatMap(fields -> fields.child("rope_parameters"))
        .map(fields -> fields.json().path("mrope_section"))
        .filter(sections -> sections.size() == 3)
        .map(
            sections ->
                new int[] {
                  sections.path(0).asInt(), sections.path(1).asInt(), sections.path(2).asInt(), 0
                })
        .orElse(SECTIONS);
  }
}
