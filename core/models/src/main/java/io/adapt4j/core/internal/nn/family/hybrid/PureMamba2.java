package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.layer.BranchLayer;

/** Mamba-2 (Dao and Gu 2024), as in Codestral Mamba: state space layers only, without MLPs. */
public final class PureMamba2 extends BuiltInFamily {

  private static final String HEADS = "num_heads";
  private static final String WIDTH = "head_dim";
  private static final String GROUPS = "n_groups";

  /** A state has no positions; llama.cpp's files state this length. */
  private static final int CONTEXT = 1 << 20;

  public PureMamba2() {
    super("mamba2", "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int layers = fields.requirePositiveInt("num_hidden_layers");
    if (LayerTypes.mixers(fields, layers).contains(LayerTypes.FULL)) {
      throw fields.invalid(
          "layer_types", LayerTypes.STATE_SPACE + " only", "This family has no attention.");
    }
    int hidden = fields.requirePositiveInt("hidden_size");
    double eps = BranchDecoder.epsilon(fields);
    boolean bias = fields.bool("use_bias", false);
    Mamba2 mamba =
        new Mamba2(
            hidden,
            heads(fields, (int) (fields.positiveNumber("expand", 2) * hidden)),
            fields.positiveInt("conv_kernel", 4),
            new Mamba2.Biases(fields.bool("use_conv_bias", true), bias, bias),
            Mamba2.stepLimits(fields),
            new Mamba2.NormRule(1, false, eps));
    Mamba2.requireSilu(fields, "hidden_act");
    BranchDecoder decoder = new BranchDecoder(model, "backbone", layers, CONTEXT);
    return decoder.declare(
        (path, layer) ->
            BranchLayer.of(decoder.norm(path + ".norm"), mamba.declare(path + ".mixer")));
  }

  private static RecurrentMixer.StateHeads heads(ConfigReader fields, int inner) {
    int count = fields.positiveInt(HEADS, 128);
    int width = fields.positiveInt(WIDTH, 64);
    int groups = fields.positiveInt(GROUPS, 8);
    if (count * width != inner) {
      throw fields.invalid(
          HEADS, "the inner width " + inner + " divided by head_dim", "Correct one of them.");
    }
    fields.requireDivisor(GROUPS, groups, HEADS, count);
    return new RecurrentMixer.StateHeads(
        groups, count, fields.positiveInt("state_size", 128), width);
  }
}
