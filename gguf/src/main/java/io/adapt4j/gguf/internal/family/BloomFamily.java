package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.List;

/** BLOOM: a norm after the embedding, and ALiBi position biases. */
final class BloomFamily extends GgufFamily {

  private static final int CONTEXT = 2048;

  @Override
  public String architecture() {
    return "bloom";
  }

  @Override
  public String modelType() {
    return "bloom";
  }

  @Override
  public String modelClass() {
    return "BloomForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  /** Reads a field by either of two names; Transformers' class accepts both. */
  private static int either(ConfigReader fields, String name, String other) {
    return fields.has(name) || !fields.has(other)
        ? fields.requirePositiveInt(name)
        : fields.requirePositiveInt(other);
  }

  private static int heads(ConfigReader fields) {
    return either(fields, "n_head", "num_attention_heads");
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = either(fields, "n_embed", "hidden_size");
    int heads = heads(fields);
    int context = fields.positiveInt("seq_length", CONTEXT);
    DecoderConfig decoder =
        new DecoderConfig(
            hidden,
            4 * hidden,
            either(fields, "n_layer", "num_hidden_layers"),
            heads,
            heads,
            hidden / heads,
            fields.requirePositiveInt("vocab_size"),
            context,
            fields.positiveNumber("layer_norm_epsilon", 1e-5),
            "gelu_new",
            true,
            true,
            fields.bool("tie_word_embeddings", true),
            10_000,
            new RopeScaling.Default(),
            hidden / heads);
    return new Facts(model, decoder, context);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    return List.of(
        TensorName.of("transformer.word_embeddings", "token_embd"),
        TensorName.of("transformer.word_embeddings_layernorm", "token_embd_norm"),
        TensorName.of("transformer.ln_f", "output_norm"),
        TensorName.of("lm_head", "output"),
        layer("input_layernorm", "attn_norm", Layout.SAME),
        layer(
            "self_attention.query_key_value",
            "attn_qkv",
            Layout.queriesKeysValues(heads(model.fields()))),
        layer("self_attention.dense", "attn_output", Layout.SAME),
        layer("post_attention_layernorm", "ffn_norm", Layout.SAME),
        layer("mlp.dense_h_to_4h", "ffn_up", Layout.SAME),
        layer("mlp.dense_4h_to_h", "ffn_down", Layout.SAME));
  }

  private static TensorName layer(String stored, String gguf, Layout layout) {
    return TensorName.of("transformer.h.{}." + stored, "blk.{}." + gguf, layout);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        Field.integer("context_length", "seq_length", Facts::contextLength),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.derived("feed_forward_length", facts -> facts.decoder().intermediateSize()),
        Gpt2Family.layers(),
        Gpt2Family.heads(),
        Field.derived("attention.head_count_kv", facts -> facts.decoder().heads()),
        Gpt2Family.eps());
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of();
  }

  @Override
  public void requireSupported(Facts facts) {
    LlamaLikeFamily.requireOff(facts, "apply_residual_connection_post_layernorm");
  }
}
