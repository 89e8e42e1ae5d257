package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Falcon with rotary positions: parallel attention and MLP, with a shared norm or one each. */
final class FalconFamily extends GgufFamily {

  private static final DecoderConfig.Defaults DEFAULTS =
      new DecoderConfig.Defaults(2048, 1e-5, "gelu", true, 10_000, OptionalInt.empty());

  private static final String ACTIVATION = "activation";
  private static final String GELU = "gelu";

  private static final Set<Class<? extends RopeScaling>> SCALINGS =
      Set.of(RopeScaling.Default.class, RopeScaling.Linear.class, RopeScaling.Yarn.class);

  @Override
  public String architecture() {
    return "falcon";
  }

  @Override
  public String modelType() {
    return "falcon";
  }

  @Override
  public String modelClass() {
    return "FalconForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    int heads = fields.requirePositiveInt("num_attention_heads");
    boolean grouped = fields.bool("new_decoder_architecture", false);
    int alone = fields.bool("multi_query", true) ? 1 : heads;
    int keyValue = grouped ? fields.positiveInt("num_kv_heads", heads) : alone;
    int inner = fields.positiveInt("ffn_hidden_size", 4 * fields.requirePositiveInt("hidden_size"));
    DecoderConfig decoder =
        DecoderConfig.from(
            model
                .with("num_key_value_heads", IntNode.valueOf(keyValue))
                .with("intermediate_size", IntNode.valueOf(inner)),
            DEFAULTS);
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    DecoderConfig decoder = read(model).decoder();
    return List.of(
        TensorName.of("transformer.word_embeddings", "token_embd"),
        TensorName.of("transformer.ln_f", "output_norm"),
        TensorName.of("lm_head", "output"),
        layer(hasTwoNorms(model) ? "ln_mlp" : "input_layernorm", "attn_norm", Layout.SAME),
        layer("ln_attn", "attn_norm_2", Layout.SAME),
        layer(
            "self_attention.query_key_value",
            "attn_qkv",
            GroupedRows.all(decoder.heads(), decoder.kvHeads())),
        layer("self_attention.dense", "attn_output", Layout.SAME),
        layer("mlp.dense_h_to_4h", "ffn_up", Layout.SAME),
        layer("mlp.dense_4h_to_h", "ffn_down", Layout.SAME));
  }

  private static boolean hasTwoNorms(ModelConfig model) {
    boolean grouped = model.fields().bool("new_decoder_architecture", false);
    return grouped && model.fields().positiveInt("num_ln_in_parallel_attn", 2) == 2;
  }

  private static TensorName layer(String stored, String gguf, Layout layout) {
    return TensorName.of("transformer.h.{}." + stored, "blk.{}." + gguf, layout);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        LlamaLikeFamily.contextLength(),
        new Field(
            (facts, prefix, target) -> target.string(prefix + "tensor_data_layout", "jploski"),
            (source, prefix, config) -> {}),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length", "ffn_hidden_size", facts -> facts.decoder().intermediateSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_kv_heads", facts -> facts.decoder().kvHeads()),
        LlamaLikeFamily.layerNormEps("layer_norm_epsilon"));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        RopeFields.scaling(),
        RopeFields.unusualTheta(),
        Field.activation(ACTIVATION, GELU, FalconFamily::activation));
  }

  private static String activation(Facts facts) {
    return facts.fields().optionalText(ACTIVATION).orElse(GELU);
  }

  @Override
  public void requireSupported(Facts facts) {
    if (!Field.GELU.contains(activation(facts))) {
      throw LlamaLikeFamily.refused(
          facts, ACTIVATION, "one of " + LlamaLikeFamily.sorted(Field.GELU));
    }
    LlamaLikeFamily.requireScaling(facts, SCALINGS, true);
    LlamaLikeFamily.requireUsualHeadDim(facts);
    LlamaLikeFamily.requireOff(facts, "bias");
    if (!facts.fields().bool("parallel_attn", true)) {
      throw LlamaLikeFamily.refused(facts, "parallel_attn", "true");
    }
    if (facts.decoder().rotaryDim() != facts.decoder().headDim()) {
      throw LlamaLikeFamily.refused(facts, "partial_rotary_factor", "1");
    }
  }

  /** Sets the newer architecture, which subsumes the older ones. */
  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    boolean two = tensors.contains("blk.0.attn_norm_2.weight");
    config.put("new_decoder_architecture", true);
    config.put("num_ln_in_parallel_attn", two ? 2 : 1);
    config.put("bias", false);
    config.put("alibi", false);
  }
}
