package io.adapt4j.core.internal.nn.family.encoder;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import java.util.Map;
import java.util.Optional;

/**
 * Translates Transformers 5 configurations of Nomic BERT to the field names of the code published
 * with the checkpoints. The Transformers class has gated MLPs and no biases; tensor names are the
 * same.
 */
public final class NomicFields {

  private static final Map<String, String> SIZES =
      Map.of(
          "hidden_size", "n_embd",
          "num_attention_heads", "n_head",
          "num_hidden_layers", "n_layer",
          "intermediate_size", "n_inner");

  private static final Map<String, String> RATES =
      Map.of("hidden_dropout_prob", "embd_pdrop", "attention_probs_dropout_prob", "resid_pdrop");

  /**
   * Key of the multiple to which gated MLP widths are rounded up; Transformers does not round them.
   */
  public static final String MULTIPLE = "n_inner_multiple";

  private static final double THETA = 1000;

  private NomicFields() {}

  /** Returns the translated configuration, or the same one if it has Nomic's own names. */
  public static ModelConfig translated(ModelConfig model) {
    ConfigReader fields = model.fields();
    if (fields.has("n_embd") || !fields.has("hidden_size")) {
      return model;
    }
    ModelConfig own = model;
    for (Map.Entry<String, String> size : SIZES.entrySet()) {
      own = own.with(size.getValue(), IntNode.valueOf(fields.requirePositiveInt(size.getKey())));
    }
    for (Map.Entry<String, String> rate : RATES.entrySet()) {
      double stated = DropoutFields.rate(fields, rate.getKey(), 0.1);
      own = own.with(rate.getValue(), DoubleNode.valueOf(stated));
    }
    int hidden = fields.requirePositiveInt("hidden_size");
    int heads = fields.requirePositiveInt("num_attention_heads");
    if (fields.has("head_dim") && fields.requirePositiveInt("head_dim") * (long) heads != hidden) {
      throw fields.invalid(
          "head_dim",
          "hidden_size %d divided by num_attention_heads %d".formatted(hidden, heads),
          "Heads of another width are not supported here.");
    }
    String activation = fields.optionalText("hidden_act").orElse("gelu");
    String gated = Map.of("silu", "swiglu", "gelu", "geglu").get(activation);
    if (gated == null) {
      throw fields.invalid("hidden_act", "silu or gelu", "This activation is not supported.");
    }
    for (String bias : new String[] {"qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias"}) {
      own = own.with(bias, BooleanNode.FALSE);
    }
    int positions = fields.positiveInt("max_position_embeddings", 2048);
    return own.with("activation_function", TextNode.valueOf(gated))
        .with(MULTIPLE, IntNode.valueOf(1))
        .with(
            "layer_norm_epsilon",
            DoubleNode.valueOf(fields.positiveNumber("layer_norm_eps", 1e-12)))
        .with("rotary_emb_fraction", DoubleNode.valueOf(1))
        .with("rotary_emb_base", DoubleNode.valueOf(theta(fields)))
        .with("n_positions", IntNode.valueOf(positions))
        .with("max_trained_positions", IntNode.valueOf(positions));
  }

  private static double theta(ConfigReader fields) {
    Optional<ConfigReader> rope = fields.child("rope_parameters");
    rope.ifPresent(
        own -> {
          if (!own.optionalText("rope_type").orElse("default").equals("default")) {
            throw own.invalid("rope_type", "default", "No other scaling is known here.");
          }
        });
    return rope.map(own -> own.positiveNumber("rope_theta", THETA)).orElse(THETA);
  }
}
