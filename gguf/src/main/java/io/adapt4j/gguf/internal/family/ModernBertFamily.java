package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * ModernBERT: a norm before each branch, rotary positions, sliding windows in most layers, gated
 * MLPs.
 */
final class ModernBertFamily extends EncoderFamily {

  private static final String ACTIVATION = "hidden_activation";
  private static final String PERIOD = "global_attn_every_n_layers";
  private static final String LOCAL = "local_rope_theta";
  private static final int USUAL_PERIOD = 3;

  @Override
  public String architecture() {
    return "modern-bert";
  }

  @Override
  public String modelType() {
    return "modernbert";
  }

  @Override
  String className() {
    return "ModernBert";
  }

  @Override
  String prefix(ModelConfig model) {
    return "model.";
  }

  @Override
  String activationField() {
    return ACTIVATION;
  }

  @Override
  Set<String> activations() {
    return Set.of("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "silu");
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    return facts(
        model,
        fields.requirePositiveInt("hidden_size"),
        fields.requirePositiveInt("intermediate_size"),
        fields.requirePositiveInt("num_hidden_layers"),
        fields.requirePositiveInt("num_attention_heads"),
        fields.requirePositiveInt("vocab_size"),
        fields.positiveInt("max_position_embeddings", 8192),
        fields.positiveNumber("norm_eps", 1e-5),
        fields.optionalText(ACTIVATION).orElse("gelu"),
        theta(fields, "full_attention", fields.positiveNumber("global_rope_theta", 160_000)));
  }

  private static double theta(ConfigReader fields, String type, double stated) {
    return fields
        .child("rope_parameters")
        .flatMap(all -> all.child(type))
        .filter(own -> own.has("rope_theta"))
        .map(own -> RopeFields.plain(own).requirePositiveNumber("rope_theta"))
        .orElse(stated);
  }

  /**
   * Returns the rotary base of sliding-window layers; null in the configuration means that of the
   * others.
   */
  private static double localTheta(Facts facts) {
    ConfigReader fields = facts.fields();
    double stated =
        fields.isNull(LOCAL)
            ? fields.positiveNumber("global_rope_theta", 160_000)
            : fields.positiveNumber(LOCAL, 10_000);
    return theta(fields, "sliding_attention", stated);
  }

  private static int period(Facts facts) {
    return facts.fields().positiveInt(PERIOD, USUAL_PERIOD);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    String prefix = prefixOf(model);
    String path = prefix + "layers";
    return List.of(
        TensorName.of(prefix + "embeddings.tok_embeddings", "token_embd"),
        TensorName.of(prefix + "embeddings.norm", "token_embd_norm"),
        TensorName.of(prefix + "final_norm", "output_norm"),
        layer(path, "attn_norm", "attn_norm"),
        layer(path, "attn.Wqkv", "attn_qkv"),
        layer(path, "attn.Wo", "attn_output"),
        layer(path, "mlp_norm", "ffn_norm"),
        layer(path, "mlp.Wi", "ffn_up"),
        layer(path, "mlp.Wo", "ffn_down"),
        TensorName.of("head.dense", "cls"),
        TensorName.of("head.norm", "cls.norm"),
        TensorName.of("classifier", "cls.output"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields =
        new ArrayList<>(
            sizes(
                new Names(
                    "num_hidden_layers",
                    "max_position_embeddings",
                    "hidden_size",
                    "intermediate_size",
                    "num_attention_heads",
                    "norm_eps")));
    fields.add(
        Field.number("rope.freq_base", "global_rope_theta", facts -> facts.decoder().ropeTheta()));
    fields.add(Field.number("rope.freq_base_swa", LOCAL, ModernBertFamily::localTheta));
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(classes());
    fields.add(
        Field.integer(
            "attention.sliding_window",
            "local_attention",
            facts -> facts.fields().positiveInt("local_attention", 128)));
    fields.add(Field.integer("attention.sliding_window_pattern", PERIOD, ModernBertFamily::period));
    fields.add(
        new Field(
            (facts, prefix, target) -> target.string(prefix + "rope.scaling.type", "none"),
            (source, prefix, config) -> {}));
    fields.add(Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()));
    fields.add(
        new Field(
            (facts, prefix, target) ->
                target.string(
                    prefix + ACTIVATION,
                    facts.decoder().hiddenActivation().equals("silu") ? "silu" : "gelu"),
            (source, prefix, config) -> {}));
    fields.add(Field.activation(ACTIVATION, "gelu", facts -> facts.decoder().hiddenActivation()));
    return fields;
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    metadata
        .string("modern-bert." + ACTIVATION)
        .filter("silu"::equals)
        .ifPresent(silu -> config.put(ACTIVATION, silu));
    // The only pooling that llama.cpp supports here.
    config.put("classifier_pooling", "mean");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    ConfigReader fields = facts.fields();
    LlamaLikeFamily.requireOff(facts, "norm_bias");
    LlamaLikeFamily.requireBiasesOff(facts);
    List<String> types = fields.texts("layer_types");
    for (int layer = 0; layer < types.size(); layer++) {
      boolean full = layer % period(facts) == 0;
      if (types.get(layer).equals("full_attention") != full) {
        throw LlamaLikeFamily.refused(
            facts, "layer_types", "windows in all but each " + period(facts) + "th layer");
      }
    }
    if (isClassifier(facts.model())) {
      LlamaLikeFamily.requireOff(facts, "classifier_bias");
      if (!fields.optionalText("classifier_pooling").orElse("cls").equals("mean")) {
        throw LlamaLikeFamily.refused(facts, "classifier_pooling", "mean");
      }
      if (!Field.GELU.contains(fields.optionalText("classifier_activation").orElse("gelu"))) {
        throw LlamaLikeFamily.refused(facts, "classifier_activation", "gelu");
      }
    }
  }
}
