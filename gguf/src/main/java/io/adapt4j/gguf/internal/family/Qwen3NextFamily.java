package io.adapt4j.gguf.internal.family;

import java.util.List;

/** Qwen3-Next: linear-attention projections interleaved by group. */
final class Qwen3NextFamily extends LinearAttentionFamily {

  Qwen3NextFamily() {
    super(true);
  }

  @Override
  public String architecture() {
    return "qwen3next";
  }

  @Override
  public String modelType() {
    return "qwen3_next";
  }

  @Override
  public String modelClass() {
    return "Qwen3NextForCausalLM";
  }

  @Override
  void linearRows(LinearHeads heads, List<TensorName> names) {
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
    names.add(layer(in, "attn_qkv", Layout.SAME.with(RowOrder.listed(first, all))));
    names.add(layer(in, "attn_gate", Layout.SAME.with(RowOrder.listed(gates, all))));
    names.add(layer("linear_attn.in_proj_ba", "ssm_ba"));
    names.add(layer("linear_attn.out_proj", "ssm_out"));
    names.add(linear("conv1d.weight", "ssm_conv1d.weight", Layout.SQUEEZED));
    names.add(linear("norm.weight", "ssm_norm.weight", Layout.SAME));
    names.add(linear("dt_bias", "ssm_dt.bias", Layout.SAME));
    names.add(linear("A_log", "ssm_a", Layout.DECAY));
  }

  private static void copy(int from, int[] target, int at, int count) {
    for (int i = 0; i < count; i++) {
      target[at + i] = from + i;
    }
  }
}
