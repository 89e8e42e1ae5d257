package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Gemma 2: norm weights stored plus 1, logit soft-capping, and a sliding window in every other
 * layer.
 */
class Gemma2Family extends LlamaLikeFamily {

  /** Layer count of the 27B model, for which llama.cpp scales queries by hidden size over heads. */
  private static final int LAYERS_OF_27B = 46;

  @Override
  public String architecture() {
    return "gemma2";
  }

  @Override
  public String modelType() {
    return "gemma2";
  }

  @Override
  public String modelClass() {
    return "Gemma2ForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        8192, 1e-6, "gelu_pytorch_tanh", true, 10_000, OptionalInt.of(256));
  }

  @Override
  Layout normLayout() {
    return Layout.PLUS_ONE;
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm", normLayout()));
    names.add(layer("post_attention_layernorm", "post_attention_norm", normLayout()));
    names.add(layer("pre_feedforward_layernorm", "ffn_norm", normLayout()));
    names.add(layer("post_feedforward_layernorm", "post_ffw_norm", normLayout()));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads()),
        rmsNormEps(),
        keyLength(),
        Field.derived("attention.value_length", facts -> facts.decoder().headDim()));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.number(
            "attn_logit_softcapping",
            "attn_logit_softcapping",
            facts -> softCap(facts, "attn_logit_softcapping", 50)),
        Field.number(
            "final_logit_softcapping",
            "final_logit_softcapping",
            facts -> softCap(facts, "final_logit_softcapping", 30)),
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        windowPattern(2, facts -> 2),
        RopeFields.scaling(),
        Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta())
            .when(facts -> facts.decoder().ropeTheta() != 10_000),
        activation());
  }

  static Field activation() {
    return Field.activation(
        "hidden_activation", "gelu_pytorch_tanh", facts -> facts.decoder().hiddenActivation());
  }

  static double softCap(Facts facts, String field, double absent) {
    return facts.fields().isNull(field) ? 0 : facts.fields().positiveNumber(field, absent);
  }

  @Override
  int window(Facts facts) {
    return facts.fields().positiveInt("sliding_window", 4096);
  }

  @Override
  void requireWindow(Facts facts) {
    if (facts.fields().isNull("sliding_window")) {
      throw refused(facts, "sliding_window", "a number");
    }
  }

  @Override
  Set<String> activations() {
    return Field.GELU;
  }

  /** Runs the checks common to all families. */
  final void requireLlamaLike(Facts facts) {
    super.requireSupported(facts);
  }

  @Override
  public void requireSupported(Facts facts) {
    requireLlamaLike(facts);
    requireQueryScale(facts, LAYERS_OF_27B);
    requireTied(facts);
    for (String field : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      if (facts.fields().isNull(field)) {
        throw refused(facts, field, "a number");
      }
    }
  }

  static void requireTied(Facts facts) {
    if (!facts.decoder().tieWordEmbeddings()) {
      throw refused(facts, "tie_word_embeddings", "true");
    }
  }

  /**
   * Requires that queries are scaled by the head size or, in the largest model, by hidden size over
   * heads.
   */
  static void requireQueryScale(Facts facts, int layersOf27B) {
    DecoderConfig decoder = facts.decoder();
    int fixed =
        decoder.layers() == layersOf27B
            ? decoder.hiddenSize() / decoder.heads()
            : decoder.headDim();
    if (facts.fields().positiveNumber("query_pre_attn_scalar", 256) != fixed) {
      throw refused(facts, "query_pre_attn_scalar", String.valueOf(fixed));
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    completeQueryScale(config, LAYERS_OF_27B);
    if (!config.has("rope_theta")) {
      config.put("rope_theta", 10_000.0);
    }
  }

  static void completeQueryScale(ObjectNode config, int layersOf27B) {
    boolean largest = config.path("num_hidden_layers").asInt() == layersOf27B;
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    config.put(
        "query_pre_attn_scalar",
        largest ? config.path("hidden_size").asInt() / heads : config.path("head_dim").asInt());
  }
}
