package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** LFM2: gated short convolutions, and attention in some layers. */
final class Lfm2Family extends LlamaLikeFamily {

  private static final String FULL = "full_attention";
  private static final String CONVOLUTION = "conv";

  /** Renamed fields: early names and current ones. */
  private static final String[][] RENAMED = {
    {"block_ff_dim", "intermediate_size"},
    {"theta", "rope_theta"},
    {"tie_embedding", "tie_word_embeddings"}
  };

  @Override
  public String architecture() {
    return "lfm2";
  }

  @Override
  public String modelType() {
    return "lfm2";
  }

  @Override
  public String modelClass() {
    return "Lfm2ForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(128_000, 1e-6, "silu", true, 1_000_000, OptionalInt.empty());
  }

  @Override
  Facts read(ModelConfig model) {
    ModelConfig named = model;
    for (String[] names : RENAMED) {
      JsonNode value = model.toJson().get(names[0]);
      if (value != null && !value.isNull()) {
        named = named.with(names[1], value);
      }
    }
    return super.read(named);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    return List.of(
        TensorName.of("model.embed_tokens", "token_embd"),
        // The final norm has the same name in files.
        TensorName.of("model.embedding_norm", "token_embd_norm"),
        TensorName.of("lm_head", "output"),
        layer("operator_norm", "attn_norm"),
        layer("ffn_norm", "ffn_norm"),
        layer("self_attn.q_proj", "attn_q"),
        layer("self_attn.k_proj", "attn_k"),
        layer("self_attn.v_proj", "attn_v"),
        layer("self_attn.out_proj", "attn_output"),
        layer("self_attn.q_layernorm", "attn_q_norm"),
        layer("self_attn.k_layernorm", "attn_k_norm"),
        layer("conv.conv", "shortconv.conv", Layout.SQUEEZED),
        layer("conv.in_proj", "shortconv.in_proj"),
        layer("conv.out_proj", "shortconv.out_proj"),
        layer("feed_forward.w1", "ffn_gate"),
        layer("feed_forward.w3", "ffn_up"),
        layer("feed_forward.w2", "ffn_down"));
  }

  private static boolean[] attends(Facts facts) {
    ConfigReader fields = facts.fields();
    boolean[] attends = new boolean[facts.decoder().layers()];
    List<String> types = fields.texts("layer_types");
    List<Integer> indices = fields.integers("full_attn_idxs");
    boolean all = types.isEmpty() && !fields.has("full_attn_idxs");
    for (int i = 0; i < attends.length; i++) {
      attends[i] = all || (types.isEmpty() ? indices.contains(i) : types.get(i).equals(FULL));
    }
    return attends;
  }

  @Override
  Field keyValueHeads() {
    return LayerKinds.heads(Lfm2Family::attends);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.add(Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()));
    fields.add(
        Field.integer(
            "shortconv.l_cache",
            "conv_L_cache",
            facts -> facts.fields().positiveInt("conv_L_cache", 3)));
    return fields;
  }

  @Override
  Field rmsNormEps() {
    return Field.number(
        "attention.layer_norm_rms_epsilon",
        "norm_eps",
        facts -> facts.fields().positiveNumber("norm_eps", 1e-5));
  }

  /**
   * Maps the intermediate size: two thirds, times a factor, rounded up to a multiple, unless it is
   * to be used unchanged.
   */
  @Override
  Field innerWidth() {
    return Field.integer(
        "feed_forward_length",
        "intermediate_size",
        facts -> {
          ConfigReader fields = facts.fields();
          int stated = facts.decoder().intermediateSize();
          if (!fields.bool("block_auto_adjust_ff_dim", true)) {
            return stated;
          }
          long width = 2L * stated / 3;
          if (!fields.isNull("block_ffn_dim_multiplier")) {
            width = (long) (fields.positiveNumber("block_ffn_dim_multiplier", 1) * width);
          }
          int multiple = fields.positiveInt("block_multiple_of", 256);
          return Math.toIntExact(multiple * ((width + multiple - 1) / multiple));
        });
  }

  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "conv_bias");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    if (facts.fields().positiveInt("conv_L_cache", 3) < 2) {
      throw refused(facts, "conv_L_cache", "at least 2");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    LayerKinds.complete(metadata, architecture() + ".", config, FULL, CONVOLUTION);
    config.put("block_auto_adjust_ff_dim", false);
    config.put("conv_bias", false);
  }
}
