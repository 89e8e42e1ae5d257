package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The text model of Gemma 3: query and key norms, and separate rotary frequencies for
 * sliding-window layers.
 */
class Gemma3Family extends Gemma2Family {

  private static final int LAYERS_OF_27B = 62;
  private static final int PERIOD = 6;

  @Override
  public String architecture() {
    return "gemma3";
  }

  @Override
  public String modelType() {
    return "gemma3_text";
  }

  @Override
  public String modelClass() {
    return "Gemma3ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        131_072, 1e-6, "gelu_pytorch_tanh", true, 1_000_000, OptionalInt.of(256));
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma3_text", "gemma3");
  }

  /** Returns whether attention is bidirectional, as in an embedding model. */
  static boolean seesBothWays(ModelConfig text) {
    return text.fields().bool("use_bidirectional_attention", false);
  }

  @Override
  public boolean accepts(ModelConfig model) {
    return !seesBothWays(text(model));
  }

  @Override
  boolean isWhole(ModelConfig model) {
    return !model.modelType().endsWith("_text");
  }

  @Override
  Facts read(ModelConfig stated) {
    ModelConfig model = text(stated);
    DecoderConfig decoder = DecoderConfig.from(model, defaults(), Optional.of("full_attention"));
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    names.add(layer("self_attn.q_norm", "attn_q_norm", normLayout()));
    names.add(layer("self_attn.k_norm", "attn_k_norm", normLayout()));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>();
    fields.add(
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()));
    fields.add(contextLength());
    fields.add(
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()));
    fields.add(innerWidth());
    fields.add(
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()));
    fields.add(keyValueHeads());
    fields.add(ropeScaling());
    fields.add(Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta()));
    fields.add(Field.number("rope.freq_base_swa", "rope_local_base_freq", Gemma3Family::localBase));
    fields.add(rmsNormEps());
    fields.add(keyLength());
    fields.add(Field.derived("attention.value_length", facts -> facts.decoder().headDim()));
    return fields;
  }

  private static double localBase(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields
        .child("rope_parameters")
        .flatMap(all -> all.child("sliding_attention"))
        .map(own -> RopeFields.plain(own).positiveNumber("rope_theta", 10_000))
        .orElse(fields.positiveNumber("rope_local_base_freq", 10_000));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.number(
                "final_logit_softcapping",
                "final_logit_softcapping",
                facts -> softCap(facts, "final_logit_softcapping", 0))
            .when(facts -> facts.fields().has("final_logit_softcapping")),
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        windowPattern(
            PERIOD, facts -> facts.fields().positiveInt("sliding_window_pattern", PERIOD)),
        activation());
  }

  @Override
  public void requireSupported(Facts facts) {
    requireLlamaLike(facts);
    requireQueryScale(facts, LAYERS_OF_27B);
    // It would also scale the vectors of sliding-window layers, which have no scaling.
    if (RopeFields.attentionShare(facts.decoder()) != 1) {
      throw refused(facts, scalingField(facts), "yarn without attention_factor and mscale");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    completeQueryScale(config, LAYERS_OF_27B);
  }
}
