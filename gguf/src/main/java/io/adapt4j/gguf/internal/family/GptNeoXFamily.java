package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Set;

/** GPT-NeoX and Pythia: partial rotary positions, parallel attention and MLP. */
final class GptNeoXFamily extends GgufFamily {

  private static final String ACTIVATION = "hidden_act";

  /** Default activation. */
  private static final String GELU = "gelu";

  private static final Set<Class<? extends RopeScaling>> SCALINGS =
      Set.of(RopeScaling.Default.class, RopeScaling.Linear.class, RopeScaling.Yarn.class);

  @Override
  public String architecture() {
    return "gptneox";
  }

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public String modelClass() {
    return "GPTNeoXForCausalLM";
  }

  /** Returns false: the official converter omits the key here. */
  @Override
  public boolean statesFileType() {
    return false;
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    ModelConfig renamed = model;
    if (fields.has("rotary_emb_base")) {
      renamed = renamed.with("rope_theta", model.toJson().get("rotary_emb_base"));
    }
    boolean stated =
        fields
            .child("rope_parameters")
            .map(reader -> reader.has("partial_rotary_factor"))
            .orElse(false);
    if (!stated) {
      double share = fields.positiveNumber("rotary_pct", 0.25);
      renamed = renamed.with("partial_rotary_factor", DoubleNode.valueOf(share));
    }
    DecoderConfig decoder = DecoderConfig.from(renamed, DecoderConfig.Defaults.LLAMA);
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    int heads = model.fields().requirePositiveInt("num_attention_heads");
    return List.of(
        TensorName.of("gpt_neox.embed_in", "token_embd"),
        TensorName.of("gpt_neox.final_layer_norm", "output_norm"),
        TensorName.of("embed_out", "output"),
        layer("input_layernorm", "attn_norm", Layout.SAME),
        layer("post_attention_layernorm", "ffn_norm", Layout.SAME),
        layer("attention.query_key_value", "attn_qkv", Layout.queriesKeysValues(heads)),
        layer("attention.dense", "attn_output", Layout.SAME),
        layer("mlp.dense_h_to_4h", "ffn_up", Layout.SAME),
        layer("mlp.dense_4h_to_h", "ffn_down", Layout.SAME));
  }

  private static TensorName layer(String stored, String gguf, Layout layout) {
    return TensorName.of("gpt_neox.layers.{}." + stored, "blk.{}." + gguf, layout);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        LlamaLikeFamily.contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.derived("rope.dimension_count", facts -> facts.decoder().rotaryDim()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.flag(
            "use_parallel_residual",
            "use_parallel_residual",
            facts -> facts.fields().bool("use_parallel_residual", true)),
        Field.number(
            "attention.layer_norm_epsilon",
            "layer_norm_eps",
            facts -> facts.fields().positiveNumber("layer_norm_eps", 1e-5)),
        RopeFields.scaling(),
        Field.number("rope.freq_base", "rotary_emb_base", facts -> facts.decoder().ropeTheta())
            .when(facts -> facts.decoder().ropeTheta() != 10_000));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(Field.activation(ACTIVATION, GELU, GptNeoXFamily::activation));
  }

  private static String activation(Facts facts) {
    return facts.fields().optionalText(ACTIVATION).orElse(GELU);
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  public void requireSupported(Facts facts) {
    if (!Field.GELU.contains(activation(facts))) {
      throw LlamaLikeFamily.refused(
          facts, ACTIVATION, "one of " + LlamaLikeFamily.sorted(Field.GELU));
    }
    LlamaLikeFamily.requireScaling(facts, SCALINGS, true);
    if (!facts.fields().bool("attention_bias", true)) {
      throw LlamaLikeFamily.refused(facts, "attention_bias", "true");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    double headDim = config.path("hidden_size").asDouble() / heads;
    metadata
        .integer(architecture() + ".rope.dimension_count")
        .ifPresent(rotated -> config.put("rotary_pct", rotated / headDim));
  }
}
