package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.attention.CrossAttention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.sequence.SideAttention;
import io.adapt4j.core.internal.nn.sequence.SideLayer;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import java.util.List;
import java.util.stream.IntStream;

/** Layers of BART's kin, under the names of their tensors. */
record BartLayers(
    ModelConfig model, int hidden, boolean normFirst, boolean keyBias, Activation activation) {

  private static final double EPS = 1e-5;

  /** Declares the layers of one side. */
  List<SideLayer> of(String side, int count, int usualHeads, int usualInner, boolean writes) {
    ConfigReader fields = model.fields();
    int heads = fields.positiveInt(side + "_attention_heads", usualHeads);
    int dim = SequenceFields.divided(fields, side + "_attention_heads", heads, hidden);
    int inner = fields.positiveInt(side + "_ffn_dim", usualInner);
    return IntStream.range(0, count)
        .mapToObj(i -> "model." + side + ".layers." + i)
        .map(path -> layer(path, Heads.grouped(heads, heads, dim), inner, writes))
        .toList();
  }

  private SideLayer layer(String path, Heads heads, int inner, boolean writes) {
    String own = path + ".self_attn";
    SideAttention attention =
        new SideAttention(
            joined(own, "q_proj", "k_proj", "v_proj"),
            LinearSlot.of(own + ".out_proj", hidden, true, hidden),
            heads,
            writes ? AttentionRule.causal(heads.dim()) : AttentionRule.bothWays(heads.dim(), 0));
    return new SideLayer(
        attention,
        norm(own + "_layer_norm"),
        writes ? cross(path + ".encoder_attn", heads) : null,
        writes ? norm(path + ".encoder_attn_layer_norm") : Norm.NONE,
        new PlainMlp(
            LinearSlot.of(path + ".fc1", hidden, true, inner),
            LinearSlot.of(path + ".fc2", inner, true, hidden),
            activation),
        norm(path + ".final_layer_norm"),
        normFirst);
  }

  private CrossAttention cross(String path, Heads heads) {
    return new CrossAttention(
        LinearSlot.of(path + ".q_proj", hidden, true, hidden),
        joined(path, "k_proj", "v_proj"),
        LinearSlot.of(path + ".out_proj", hidden, true, hidden),
        heads,
        AttentionRule.bothWays(heads.dim(), 0));
  }

  private LinearSlot joined(String path, String... names) {
    long[] widths = IntStream.range(0, names.length).mapToLong(i -> hidden).toArray();
    return keyBias
        ? LinearSlot.of(path, hidden, true, List.of(names), widths)
        : LinearSlot.withoutBiasOf("k_proj", path, hidden, List.of(names), widths);
  }

  Norm norm(String path) {
    return LayerNorm.declare(path, hidden, true, EPS);
  }
}
