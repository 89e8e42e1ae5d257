package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * MPT (MosaicML 2023): ALiBi or learned positions, layers without biases and, in some sizes,
 * clipped queries, keys and values.
 */
public final class Mpt extends BuiltInFamily {

  private static final String PREFIX = "transformer.";
  private static final String ATTENTION = "attn_config";
  private static final String SCALE = "logit_scale";

  public Mpt() {
    super("mpt", SCALE);
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    double rate = DropoutFields.rate(attention(model), "attn_pdrop", 0);
    return DropoutRates.ofAttention(rate).withOutputs(rate, rate);
  }

  /** Returns the attention fields; an absent object means the default of each. */
  private static ConfigReader attention(ModelConfig model) {
    return model
        .fields()
        .child(ATTENTION)
        .or(
            () ->
                model
                    .with(ATTENTION, JsonNodeFactory.instance.objectNode())
                    .fields()
                    .child(ATTENTION))
        .orElseThrow();
  }

  @Override
  public Network declare(ModelConfig model) {
    Shape shape = new Shape(model, attention(model), EncoderTask.isBaseModel(model) ? "" : PREFIX);
    shape.refuseRest();
    ConfigReader fields = model.fields();
    int hidden = shape.hidden();
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int positions = fields.positiveInt("max_seq_len", 2048);
    int layers = fields.requirePositiveInt("n_layers");
    Parameter tokens = Parameter.of(shape.prefix() + "wte.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(shape.layer(shape.prefix() + "blocks." + i));
    }
    Parameter learned =
        shape.learnsPositions()
            ? Parameter.of(shape.prefix() + "wpe.weight", positions, hidden)
            : null;
    Transformer body =
        new Transformer(
            new Embeddings(tokens, learned, null, Norm.NONE, Embeddings.Scale.NONE),
            List.copyOf(declared),
            shape.norm(shape.prefix() + "norm_f"),
            List.of());
    String headName = "lm_head.weight";
    boolean tied = fields.bool("tie_word_embeddings", true);
    return new Decoder(
        model,
        new Dimensions(hidden, layers, vocabulary, positions),
        StoredNames.of(PREFIX, List.of("(?!)")),
        body,
        headName,
        new VocabularyHead(
            tied ? tokens : Parameter.of(headName, vocabulary, hidden),
            null,
            shape.logitScale(),
            0));
  }

  /** Shape of the model according to its configuration. */
  private record Shape(ModelConfig model, ConfigReader attention, String prefix) {

    ConfigReader fields() {
      return model.fields();
    }

    int hidden() {
      return fields().requirePositiveInt("d_model");
    }

    boolean hasBias() {
      return !fields().bool("no_bias", true);
    }

    boolean hasAlibi() {
      return attention.bool("alibi", true);
    }

    boolean learnsPositions() {
      return !hasAlibi() && fields().bool("learned_pos_emb", true);
    }

    double logitScale() {
      boolean byWidth =
          fields().json().path(SCALE).isTextual()
              && fields().requireText(SCALE).equals("inv_sqrt_d_model");
      return byWidth ? 1 / Math.sqrt(hidden()) : fields().positiveNumber(SCALE, 1);
    }

    /** Rejects features of MosaicML's code that are not supported here. */
    void refuseRest() {
      requireText(attention, "attn_type", "multihead_attention");
      for (String field : List.of("prefix_lm", "rope", "attn_uses_sequence_id")) {
        if (attention.bool(field, false)) {
          throw attention.invalid(field, "false", "Use a model without it.");
        }
      }
      if (attention.optionalInt("sliding_window_size").orElse(-1) != -1) {
        throw attention.invalid("sliding_window_size", "-1", "Use a model without it.");
      }
      String norm = fields().optionalText("norm_type").orElse("low_precision_layernorm");
      if (!norm.toLowerCase(Locale.ROOT).endsWith("layernorm")) {
        throw fields().invalid("norm_type", "a layer norm", "Use a model without it.");
      }
      fields().child("ffn_config").ifPresent(mlp -> requireText(mlp, "ffn_type", "mptmlp"));
    }

    private static void requireText(ConfigReader fields, String field, String known) {
      if (!fields.optionalText(field).orElse(known).equals(known)) {
        throw fields.invalid(field, known, "Layers of this kind are not known.");
      }
    }

    Norm norm(String path) {
      double eps = fields().positiveNumber("layer_norm_epsilon", 1e-5);
      return LayerNorm.declare(path, hidden(), hasBias(), eps);
    }

    Layer layer(String path) {
      int hidden = hidden();
      boolean bias = hasBias();
      long inner = (long) hidden * fields().positiveInt("expansion_ratio", 4);
      return SequentialLayer.preNorm(
          norm(path + ".norm_1"),
          attention(path + ".attn"),
          norm(path + ".norm_2"),
          new PlainMlp(
              LinearSlot.of(path + ".ffn.up_proj", hidden, bias, inner),
              LinearSlot.of(path + ".ffn.down_proj", inner, bias, hidden),
              Activation.GELU));
    }

    private Attention attention(String path) {
      int hidden = hidden();
      int heads = fields().requirePositiveInt("n_heads");
      fields().requireDivisor("n_heads", heads, "d_model", hidden);
      int dim = hidden / heads;
      double scale = attention.positiveNumber("softmax_scale", AttentionRule.causal(dim).scale());
      AttentionRule rule = new AttentionRule(scale, 0, true, 0);
      QueryKeyNorm norms =
          attention.bool("qk_ln", false)
              ? new QueryKeyNorm(norm(path + ".q_ln"), norm(path + ".k_ln"), false, false)
              : null;
      return new Attention(
              LinearSlot.of(path + ".Wqkv", hidden, hasBias(), 3L * hidden),
              LinearSlot.of(path + ".out_proj", hidden, hasBias(), hidden),
              Heads.grouped(heads, heads, dim),
              norms,
              Attention.NO_ROTARY,
              hasAlibi() ? rule.withAlibi(attention.positiveNumber("alibi_bias_max", 8)) : rule)
          .limitedTo(attention.positiveNumber("clip_qkv", 0));
    }
  }
}
