package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.util.List;
import java.util.Set;

/**
 * ModernBERT: a norm before each branch, rotary positions, sliding windows in most layers, gated
 * MLPs.
 */
final class ModernBert {

  private static final String ACTIVATION = "hidden_activation";
  private static final String PERIOD = "global_attn_every_n_layers";
  private static final String LOCAL = "local_rope_theta";
  private static final String GLOBAL = "global_rope_theta";
  private static final int USUAL_PERIOD = 3;

  private ModernBert() {}

  static FamilyDeclaration<?> family() {
    return new EncoderFamily("modern-bert", "modernbert", "ModernBert")
        .read(ModernBert::facts)
        .names(model -> names(EncoderFamily.prefix(model, "model.")))
        .bertSizes("norm_eps")
        .alsoBefore(
            List.of(
                Field.number("rope.freq_base", GLOBAL, facts -> facts.decoder().ropeTheta()),
                Field.number("rope.freq_base_swa", LOCAL, ModernBert::localTheta)))
        .after(
            Field.integer("attention.sliding_window", "local_attention", 128),
            Field.integer(SlidingWindows.PATTERN, PERIOD, USUAL_PERIOD),
            Field.written(
                (facts, prefix, target) -> target.string(prefix + "rope.scaling.type", "none")),
            DecoderKeys.VOCABULARY,
            Field.written(
                (facts, prefix, target) ->
                    target.string(
                        prefix + ACTIVATION,
                        facts.decoder().hiddenActivation().equals("silu") ? "silu" : "gelu")),
            Field.activation(ACTIVATION, "gelu"))
        .activations(
            ACTIVATION, Set.of("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "silu"))
        .check(ModernBert::requireSupported)
        .complete(
            (metadata, prefix, config) -> {
              metadata
                  .string(prefix + ACTIVATION)
                  .filter("silu"::equals)
                  .ifPresent(silu -> config.put(ACTIVATION, silu));
              // The only pooling that llama.cpp supports here.
              config.put("classifier_pooling", "mean");
            })
        .classifier();
  }

  private static Facts facts(ModelConfig model) {
    ConfigReader fields = model.fields();
    return EncoderFamily.facts(
        model,
        fields.positiveInt("max_position_embeddings", 8192),
        fields.positiveNumber("norm_eps", 1e-5),
        fields.optionalText(ACTIVATION).orElse("gelu"),
        theta(fields, SlidingWindows.FULL, fields.positiveNumber(GLOBAL, 160_000)));
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
            ? fields.positiveNumber(GLOBAL, 160_000)
            : fields.positiveNumber(LOCAL, 10_000);
    return theta(fields, SlidingWindows.SLIDING, stated);
  }

  private static List<TensorName> names(String prefix) {
    return TensorName.concat(
        TensorName.modules(
            prefix + "embeddings.tok_embeddings = token_embd",
            prefix + "embeddings.norm = token_embd_norm",
            prefix + "final_norm = output_norm"),
        TensorName.layersOf(
            prefix + "layers",
            Layout.SAME,
            "attn_norm = attn_norm",
            "attn.Wqkv = attn_qkv",
            "attn.Wo = attn_output",
            "mlp_norm = ffn_norm",
            "mlp.Wi = ffn_up",
            "mlp.Wo = ffn_down"),
        TensorName.modules("head.dense = cls", "head.norm = cls.norm", "classifier = cls.output"));
  }

  private static void requireSupported(Facts facts) {
    ConfigReader fields = facts.fields();
    Checks.off(facts, "norm_bias", "attention_bias", "mlp_bias");
    List<String> types = fields.texts("layer_types");
    for (int layer = 0; layer < types.size(); layer++) {
      int period = fields.positiveInt(PERIOD, USUAL_PERIOD);
      if (types.get(layer).equals(SlidingWindows.FULL) != (layer % period == 0)) {
        throw Checks.refused(
            facts, "layer_types", "windows in all but each " + period + "th layer");
      }
    }
    if (EncoderFamily.isClassifier(facts.model())) {
      Checks.off(facts, "classifier_bias");
      if (!fields.optionalText("classifier_pooling").orElse("cls").equals("mean")) {
        throw Checks.refused(facts, "classifier_pooling", "mean");
      }
      if (!Field.GELU.contains(fields.optionalText("classifier_activation").orElse("gelu"))) {
        throw Checks.refused(facts, "classifier_activation", "gelu");
      }
    }
  }
}
