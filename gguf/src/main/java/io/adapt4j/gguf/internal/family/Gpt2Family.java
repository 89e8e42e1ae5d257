package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.List;

/** GPT-2: learned positions, biases, weights that checkpoints store as [in, out]. */
class Gpt2Family extends GgufFamily {

  private static final String ACTIVATION = "activation_function";

  @Override
  public String architecture() {
    return "gpt2";
  }

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public String modelClass() {
    return "GPT2LMHeadModel";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("n_embd");
    int heads = fields.requirePositiveInt("n_head");
    int positions = fields.positiveInt("n_positions", 1024);
    DecoderConfig decoder =
        new DecoderConfig(
            hidden,
            fields.positiveInt("n_inner", 4 * hidden),
            fields.requirePositiveInt("n_layer"),
            heads,
            heads,
            hidden / heads,
            fields.requirePositiveInt("vocab_size"),
            positions,
            fields.positiveNumber("layer_norm_epsilon", 1e-5),
            fields.optionalText(ACTIVATION).orElse(activation()),
            true,
            true,
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
        TensorName.of("transformer.ln_f", "output_norm"),
        TensorName.of("lm_head", "output"),
        layer("ln_1", "attn_norm", Layout.SAME),
        layer("attn.c_attn", "attn_qkv", fused(model)),
        layer("attn.c_proj", "attn_output", matrices()),
        layer("ln_2", "ffn_norm", Layout.SAME),
        layer("mlp.c_fc", "ffn_up", matrices()),
        layer("mlp.c_proj", "ffn_down", matrices()));
  }

  private static TensorName layer(String stored, String gguf, Layout layout) {
    return TensorName.of("transformer.h.{}." + stored, "blk.{}." + gguf, layout);
  }

  /** Returns the default activation. */
  String activation() {
    return "gelu_new";
  }

  /** Returns the layout of weights. */
  Layout matrices() {
    return Layout.TRANSPOSED;
  }

  /** Returns the layout of the fused query, key and value weight. */
  Layout fused(ModelConfig model) {
    return matrices();
  }

  static Field layers() {
    return Field.integer("block_count", "n_layer", facts -> facts.decoder().layers());
  }

  static Field context() {
    return Field.integer("context_length", "n_positions", Facts::contextLength);
  }

  static Field width() {
    return Field.integer("embedding_length", "n_embd", facts -> facts.decoder().hiddenSize());
  }

  static Field inner() {
    return Field.integer(
        "feed_forward_length", "n_inner", facts -> facts.decoder().intermediateSize());
  }

  static Field heads() {
    return Field.integer("attention.head_count", "n_head", facts -> facts.decoder().heads());
  }

  static Field eps() {
    return Field.number(
        "attention.layer_norm_epsilon",
        "layer_norm_epsilon",
        facts -> facts.decoder().rmsNormEps());
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(layers(), context(), width(), inner(), heads(), eps());
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.activation(ACTIVATION, activation(), facts -> facts.decoder().hiddenActivation()));
  }

  @Override
  public void requireSupported(Facts facts) {
    if (!Field.GELU.contains(facts.decoder().hiddenActivation())) {
      throw LlamaLikeFamily.refused(
          facts, ACTIVATION, "one of " + LlamaLikeFamily.sorted(Field.GELU));
    }
    if (!facts.fields().bool("scale_attn_weights", true)) {
      throw LlamaLikeFamily.refused(facts, "scale_attn_weights", "true");
    }
    LlamaLikeFamily.requireOff(facts, "scale_attn_by_inverse_layer_idx");
    if (facts.contextLength() != facts.decoder().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "contextLength: expected the "
              + facts.decoder().maxPositionEmbeddings()
              + " positions that the model has embeddings for, found "
              + facts.contextLength()
              + "; leave it out.");
    }
  }
}
