package io.adapt4j.core.internal.nn.family.expert;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import java.util.List;

/**
 * OpenAI's privacy filter (2026): the layers of gpt-oss with bidirectional attention in a band,
 * under a classifier of tokens.
 */
final class PrivacyFilter extends BuiltInFamily {

  private static final String LABELS = "id2label";

  private static final List<String> CATEGORIES =
      List.of(
          "account_number",
          "private_address",
          "private_date",
          "private_email",
          "private_person",
          "private_phone",
          "private_url",
          "secret");

  PrivacyFilter() {
    super(
        "openai_privacy_filter",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 150_000, 64),
        "sliding_window",
        "num_local_experts",
        "num_experts_per_tok",
        "num_experts");
  }

  @Override
  public Network declare(ModelConfig stated) {
    if (!OutputLayer.TOKEN_CLASSES.isOf(stated) && !EncoderTask.isBaseModel(stated)) {
      throw stated
          .fields()
          .invalid(
              "architectures",
              "a class that ends in ForTokenClassification or Model",
              "The family has no other outputs.");
    }
    ModelConfig model = withDefaults(stated);
    DecoderConfig config = dimensions(model);
    boolean bias = model.fields().bool("attention_bias", true);
    int reach = SlidingWindow.size(model, 128);
    Experts experts = Experts.read(model, "intermediate_size", "num_local_experts", true, 0.001);
    return new LlamaLike(model, config)
        .attentionBias(bias, bias)
        .sinks()
        .bothWays()
        .rotatedInPairs()
        .window(layer -> reach)
        .mlps(
            (path, layer) -> {
              String mlp = path + ".mlp";
              return experts.declare(
                  mlp,
                  mlp + ".router",
                  true,
                  expert ->
                      experts.clamped(mlp + ".experts", expert, GptOss.ALPHA, GptOss.LIMIT, true),
                  null);
            })
        .declare();
  }

  /** Adds what the class assumes where a file says nothing: YaRN, and the labels. */
  private static ModelConfig withDefaults(ModelConfig stated) {
    ModelConfig model = stated;
    if (!stated.fields().has("rope_parameters") && !stated.fields().has("rope_scaling")) {
      ObjectNode scaling = JsonNodeFactory.instance.objectNode();
      scaling.put("rope_type", "yarn").put("factor", 32.0).put("beta_fast", 32.0);
      scaling.put("beta_slow", 1.0).put("truncate", false);
      scaling.put("original_max_position_embeddings", 4096);
      model = model.with("rope_scaling", scaling);
    }
    if (!stated.fields().has(LABELS) && !stated.fields().has("num_labels")) {
      ObjectNode labels = JsonNodeFactory.instance.objectNode().put("0", "O");
      for (String category : CATEGORIES) {
        for (String prefix : List.of("B-", "I-", "E-", "S-")) {
          labels.put(String.valueOf(labels.size()), prefix + category);
        }
      }
      model = model.with(LABELS, labels);
    }
    return model;
  }
}
