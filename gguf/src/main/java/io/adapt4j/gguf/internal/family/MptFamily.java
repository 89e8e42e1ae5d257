package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** MPT: ALiBi position biases or learned positions, typically without bias vectors. */
final class MptFamily extends GgufFamily {

  private static final String ATTENTION = "attn_config";
  private static final String BIAS = "attention.max_alibi_bias";
  private static final String LIMIT = "attention.clamp_kqv";

  @Override
  public String architecture() {
    return "mpt";
  }

  @Override
  public String modelType() {
    return "mpt";
  }

  @Override
  public String modelClass() {
    return "MptForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("d_model");
    int heads = fields.requirePositiveInt("n_heads");
    int positions = fields.positiveInt("max_seq_len", 2048);
    boolean bias = !fields.bool("no_bias", true);
    DecoderConfig decoder =
        new DecoderConfig(
            hidden,
            hidden * fields.positiveInt("expansion_ratio", 4),
            fields.requirePositiveInt("n_layers"),
            heads,
            heads,
            hidden / heads,
            fields.requirePositiveInt("vocab_size"),
            positions,
            fields.positiveNumber("layer_norm_epsilon", 1e-5),
            "gelu",
            bias,
            bias,
            fields.bool("tie_word_embeddings", true),
            10_000,
            new RopeScaling.Default(),
            hidden / heads);
    return new Facts(model, decoder, positions);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    return List.of(
        TensorName.of("transformer.wte", "token_embd"),
        TensorName.of("transformer.wpe", "position_embd"),
        TensorName.of("transformer.norm_f", "output_norm"),
        TensorName.of("lm_head", "output"),
        layer("norm_1", "attn_norm"),
        layer("attn.Wqkv", "attn_qkv"),
        layer("attn.q_ln", "attn_q_norm"),
        layer("attn.k_ln", "attn_k_norm"),
        layer("attn.out_proj", "attn_output"),
        layer("norm_2", "ffn_norm"),
        layer("ffn.up_proj", "ffn_up"),
        layer("ffn.down_proj", "ffn_down"));
  }

  private static TensorName layer(String stored, String gguf) {
    return TensorName.of("transformer.blocks.{}." + stored, "blk.{}." + gguf);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        Field.integer("context_length", "max_seq_len", Facts::contextLength),
        Field.integer("embedding_length", "d_model", facts -> facts.decoder().hiddenSize()),
        Field.integer("block_count", "n_layers", facts -> facts.decoder().layers()),
        Field.derived("feed_forward_length", facts -> facts.decoder().intermediateSize()),
        Field.integer("attention.head_count", "n_heads", facts -> facts.decoder().heads()),
        Gpt2Family.eps(),
        new Field(
            (facts, prefix, target) ->
                limit(facts).ifPresent(limit -> target.float32(prefix + LIMIT, limit)),
            (source, prefix, config) -> {
              double limit = source.number(prefix + LIMIT).orElse(0);
              if (limit > 0) {
                attention(config).put("clip_qkv", Field.decimal(limit));
              }
            }),
        new Field(
            (facts, prefix, target) -> target.float32(prefix + BIAS, steepness(facts)),
            (source, prefix, config) -> {
              double steepness = source.number(prefix + BIAS).orElse(0);
              attention(config).put("alibi", steepness > 0);
              if (steepness > 0) {
                attention(config).put("alibi_bias_max", Field.decimal(steepness));
              }
            }));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of();
  }

  private static Optional<ConfigReader> attention(Facts facts) {
    return facts.fields().child(ATTENTION);
  }

  private static ObjectNode attention(ObjectNode config) {
    return config.path(ATTENTION) instanceof ObjectNode there ? there : config.putObject(ATTENTION);
  }

  private static Optional<Float> limit(Facts facts) {
    return attention(facts)
        .filter(fields -> fields.has("clip_qkv"))
        .map(fields -> (float) fields.requirePositiveNumber("clip_qkv"));
  }

  /** Returns the maximum ALiBi bias; 0 with learned positions. */
  private static float steepness(Facts facts) {
    Optional<ConfigReader> fields = attention(facts);
    boolean has = fields.map(own -> own.bool("alibi", true)).orElse(true);
    return has
        ? fields.map(own -> own.positiveNumber("alibi_bias_max", 8)).orElse(8.0).floatValue()
        : 0;
  }

  @Override
  public void requireSupported(Facts facts) {
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
      throw LlamaLikeFamily.refused(facts, "logit_scale", "null");
    }
    if (steepness(facts) == 0 && facts.contextLength() != facts.decoder().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "contextLength: expected the "
              + facts.decoder().maxPositionEmbeddings()
              + " positions that the model has embeddings for, found "
              + facts.contextLength()
              + "; leave it out.");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    long width = Math.max(1, config.path("d_model").asLong());
    metadata
        .integer(architecture() + ".feed_forward_length")
        .ifPresent(inner -> config.put("expansion_ratio", inner / width));
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("no_bias", !tensors.contains("blk.0.attn_norm.bias"));
    config.put("learned_pos_emb", tensors.contains("position_embd.weight"));
    attention(config).put("qk_ln", tensors.contains("blk.0.attn_q_norm.weight"));
  }
}
