package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.List;
import java.util.Optional;

/** MPT: ALiBi position biases or learned positions, typically without bias vectors. */
final class Mpt {

  private static final String ATTENTION = "attn_config";
  private static final String BIAS = "attention.max_alibi_bias";
  private static final String LIMIT = "attention.clamp_kqv";

  private Mpt() {}

  static FamilyDeclaration<?> family() {
    return new PlainFamily("mpt", "mpt", "MptForCausalLM")
        .read(Mpt::facts)
        .names(model -> names())
        .before(
            Field.integer("context_length", "max_seq_len", Facts::contextLength),
            Field.integer("embedding_length", "d_model", facts -> facts.decoder().hiddenSize()),
            Field.integer("block_count", "n_layers", facts -> facts.decoder().layers()),
            Field.derived("feed_forward_length", facts -> facts.decoder().intermediateSize()),
            Field.integer("attention.head_count", "n_heads", facts -> facts.decoder().heads()),
            GptFamilies.EPS,
            clipLimit(),
            steepness())
        .check(Mpt::requireSupported)
        .complete(
            (metadata, prefix, config) -> {
              long width = Math.max(1, config.path("d_model").asLong());
              metadata
                  .integer(prefix + "feed_forward_length")
                  .ifPresent(inner -> config.put("expansion_ratio", inner / width));
            })
        .fit(
            (tensors, config) -> {
              config.put("no_bias", !tensors.contains("blk.0.attn_norm.bias"));
              config.put("learned_pos_emb", tensors.contains("position_embd.weight"));
              attention(config).put("qk_ln", tensors.contains("blk.0.attn_q_norm.weight"));
            });
  }

  private static Facts facts(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("d_model");
    return GptFamilies.unrotated(
        model,
        hidden,
        hidden * fields.positiveInt("expansion_ratio", 4),
        fields.requirePositiveInt("n_layers"),
        fields.requirePositiveInt("n_heads"),
        fields.positiveInt("max_seq_len", 2048),
        "gelu",
        !fields.bool("no_bias", true));
  }

  private static List<TensorName> names() {
    return TensorName.concat(
        TensorName.modules(
            "transformer.wte = token_embd",
            "transformer.wpe = position_embd",
            "transformer.norm_f = output_norm",
            "lm_head = output"),
        TensorName.layersOf(
            "transformer.blocks",
            Layout.SAME,
            "norm_1 = attn_norm",
            "attn.Wqkv = attn_qkv",
            "attn.q_ln = attn_q_norm",
            "attn.k_ln = attn_k_norm",
            "attn.out_proj = attn_output",
            "norm_2 = ffn_norm",
            "ffn.up_proj = ffn_up",
            "ffn.down_proj = ffn_down"));
  }

  private static Optional<ConfigReader> attention(Facts facts) {
    return facts.fields().child(ATTENTION);
  }

  private static ObjectNode attention(ObjectNode config) {
    return config.path(ATTENTION) instanceof ObjectNode there ? there : config.putObject(ATTENTION);
  }

  /** Returns the key for the clip limit of query, key and value projections. */
  private static Field clipLimit() {
    return new Field(
        (facts, prefix, target) ->
            attention(facts)
                .filter(fields -> fields.has("clip_qkv"))
                .map(fields -> (float) fields.requirePositiveNumber("clip_qkv"))
                .ifPresent(limit -> target.float32(prefix + LIMIT, limit)),
        (source, prefix, config) -> {
          double limit = source.number(prefix + LIMIT).orElse(0);
          if (limit > 0) {
            attention(config).put("clip_qkv", Field.decimal(limit));
          }
        });
  }

  /** Returns the key for the maximum ALiBi bias. */
  private static Field steepness() {
    return new Field(
        (facts, prefix, target) -> target.float32(prefix + BIAS, steepness(facts)),
        (source, prefix, config) -> {
          double steepness = source.number(prefix + BIAS).orElse(0);
          attention(config).put("alibi", steepness > 0);
          if (steepness > 0) {
            attention(config).put("alibi_bias_max", Field.decimal(steepness));
          }
        });
  }

  /** Returns the maximum ALiBi bias; 0 with learned positions. */
  private static float steepness(Facts facts) {
    Optional<ConfigReader> fields = attention(facts);
    boolean has = fields.map(own -> own.bool("alibi", true)).orElse(true);
    return has
        ? fields.map(own -> own.positiveNumber("alibi_bias_max", 8)).orElse(8.0).floatValue()
        : 0;
  }

  private static void requireSupported(Facts facts) {
    double usual = 1 / Math.sqrt(facts.decoder().headDim());
    attention(facts)
        .filter(fields -> Math.abs(fields.positiveNumber("softmax_scale", usual) - usual) > 1e-6)
        .ifPresent(
            fields -> {
              throw fields.invalid(
                  "softmax_scale",
                  "null in a GGUF file of this family",
                  "llama.cpp has this value fixed.");
            });
    attention(facts)
        .filter(fields -> fields.bool("qk_ln", false))
        .ifPresent(
            fields -> {
              throw fields.invalid(
                  "qk_ln",
                  "false in a GGUF file of this family",
                  "llama.cpp ends with an error where queries and keys have norms.");
            });
    if (facts.fields().has("logit_scale")
        && facts.fields().json().path("logit_scale").asDouble() != 1) {
      throw Checks.refused(facts, "logit_scale", "null");
    }
    if (steepness(facts) == 0) {
      Checks.ownLength(facts);
    }
  }
}
