package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** ERNIE 4.5 with mixtures of experts in most layers, and interleaved rotary pairs. */
final class Ernie45MoeFamily extends MixtureFamily {

  private static final String SHARED = "moe_num_shared_experts";
  private static final String START = "moe_layer_start_index";
  private static final String END = "moe_layer_end_index";
  private static final String WIDTH = "moe_intermediate_size";

  @Override
  public String architecture() {
    return "ernie4_5-moe";
  }

  @Override
  public String modelType() {
    return "ernie4_5_moe";
  }

  @Override
  public String modelClass() {
    return "Ernie4_5_MoeForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-5, "silu", true, 500_000, OptionalInt.empty());
  }

  @Override
  String countField() {
    return "moe_num_experts";
  }

  @Override
  String chosenField() {
    return "moe_k";
  }

  @Override
  void feedForward(List<TensorName> names) {
    super.feedForward(names);
    names.addAll(ExpertRows.shared("mlp.shared_experts"));
    names.add(
        TensorName.tensor(
            "model.layers.{}.mlp.moe_statics.e_score_correction_bias",
            "blk.{}.exp_probs_b.bias",
            Layout.ONE_ROW));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return Stream.of(
            Field.integer(
                "interleave_moe_layer_step",
                "moe_layer_interval",
                facts -> facts.fields().positiveInt("moe_layer_interval", 1)),
            ExpertRows.denseLayers(START, 1),
            ExpertRows.width(WIDTH),
            ExpertRows.sharedCount(SHARED, 2),
            Field.derived(
                    "expert_shared_feed_forward_length",
                    facts -> shared(facts) * facts.fields().requirePositiveInt(WIDTH))
                .when(facts -> shared(facts) > 0))
        .toList();
  }

  private static int shared(Facts facts) {
    return facts.fields().optionalInt(SHARED).orElse(2);
  }

  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "use_bias");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    ConfigReader fields = facts.fields();
    if (fields.positiveInt("moe_layer_interval", 1) != 1) {
      throw refused(facts, "moe_layer_interval", "1");
    }
    int last = fields.optionalInt(END).orElse(-1);
    if (last != -1 && last < facts.decoder().layers() - 1) {
      throw refused(facts, END, "-1, or the last layer,");
    }
  }
}
