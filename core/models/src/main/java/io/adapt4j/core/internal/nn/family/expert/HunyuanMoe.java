package io.adapt4j.core.internal.nn.family.expert;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.decoder.Hunyuan;
import java.util.List;

/**
 * Hunyuan A13B (Tencent 2025): the dense Hunyuan with a mixture of experts and a shared expert of
 * the same width in every layer.
 */
public final class HunyuanMoe extends BuiltInFamily {

  private static final String EXPERTS = "num_experts";
  private static final String CHOSEN = "moe_topk";

  public HunyuanMoe() {
    super("hunyuan_v1_moe", "use_qk_norm", "kv_lora_rank", EXPERTS, "moe_intermediate_size");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return new Hunyuan().dimensions(model);
  }

  @Override
  public Network declare(ModelConfig stored) {
    ModelConfig model = withUniformExperts(stored);
    int width = model.fields().requirePositiveInt("intermediate_size");
    require(model, "moe_intermediate_size", width);
    require(model, "num_shared_expert", 1);
    require(model, "moe_layer_num_skipped", 0);
    int chosen = Experts.chosen(model, CHOSEN, EXPERTS);
    Experts experts = Experts.softmax(model, width, EXPERTS, chosen);
    return Hunyuan.like(model, dimensions(model))
        .mlps(
            (path, layer) ->
                experts.declare(
                    path + ".mlp",
                    path + ".mlp.gate.wg",
                    experts.shared(experts.expert(path + ".mlp.shared_mlp", width))))
        .declare();
  }

  /** Replaces the numbers of experts of each layer, which must be equal, by one number. */
  public static ModelConfig withUniformExperts(ModelConfig model) {
    return uniform(uniform(model, EXPERTS), CHOSEN);
  }

  private static ModelConfig uniform(ModelConfig model, String field) {
    return isList(model, field)
        ? model.with(field, IntNode.valueOf(same(model.fields(), field)))
        : model;
  }

  private static boolean isList(ModelConfig model, String field) {
    return model.fields().has(field) && model.toJson().get(field).isArray();
  }

  private static int same(ConfigReader fields, String field) {
    List<Integer> values = fields.integers(field);
    if (values.stream().distinct().count() != 1) {
      throw fields.invalid(
          field, "the same value for all layers", "Layers that differ are not supported.");
    }
    return values.get(0);
  }

  private static void require(ModelConfig model, String field, int expected) {
    ConfigReader fields = model.fields();
    boolean stated = fields.has(field);
    int found =
        !stated
            ? expected
            : isList(model, field) ? same(fields, field) : fields.optionalInt(field).getAsInt();
    if (found != expected) {
      throw fields.invalid(field, Integer.toString(expected), "Other values are not supported.");
    }
  }
}
