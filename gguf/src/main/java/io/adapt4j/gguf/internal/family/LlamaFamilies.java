package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.LayerValues;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

/** Llama, and families that differ in few settings. */
final class LlamaFamilies {

  private LlamaFamilies() {}

  /**
   * Llama 1 to 3, also as the text model of others. Its RoPE scaling is stored as a tensor of
   * divisors.
   */
  static FamilyDeclaration<?> llama() {
    return like("llama", "llama", "LlamaForCausalLM")
        .alsoWithin("idefics3", "smolvlm", "llava", "internvl")
        .statesHeadDim(true)
        .biasesByTensors();
  }

  static boolean isIdefics(ModelConfig model) {
    return model.modelType().equals("idefics3") || model.modelType().equals("smolvlm");
  }

  /** Helium, written as Llama: its stored rows are already in rotary pairs. */
  static FamilyDeclaration<?> helium() {
    return like("llama", "helium", "HeliumForCausalLM")
        .statesHeadDim(true)
        .pairs(false)
        // Llama's biases include one of the output projection.
        .biasesOff("attention_bias")
        .onlyWritten();
  }

  /** AFM: Llama with a squared ReLU in place of the gate. */
  static FamilyDeclaration<?> arcee() {
    return like("arcee", "arcee", "ArceeForCausalLM")
        .statesHeadDim(true)
        .feedForward("mlp.up_proj = ffn_up", "mlp.down_proj = ffn_down")
        .activations(Set.of("relu2"))
        .biasesOff("attention_bias", "mlp_bias");
  }

  /**
   * Apertus: Llama with query and key norms per head, and a learned activation whose parameters are
   * metadata keys.
   */
  static FamilyDeclaration<?> apertus() {
    String activation = "model.layers.{}.mlp.act_fn.";
    return like("apertus", "apertus", "ApertusForCausalLM")
        .requiresOutput()
        .pairs(false)
        .norms("attention_layernorm = attn_norm", "feedforward_layernorm = ffn_norm")
        .queryKeyNorms()
        .feedForward("mlp.up_proj = ffn_up", "mlp.down_proj = ffn_down")
        .layerValues(
            new LayerValues("xielu.alpha_n", activation + "alpha_n", OptionalDouble.empty()),
            new LayerValues("xielu.alpha_p", activation + "alpha_p", OptionalDouble.empty()),
            new LayerValues("xielu.beta", activation + "beta", OptionalDouble.of(0.5)),
            new LayerValues("xielu.eps", activation + "eps", OptionalDouble.of(-1e-6)))
        .activations(Set.of("xielu"))
        .biasesOff("attention_bias", "mlp_bias")
        .complete(
            (metadata, prefix, config) -> {
              if (!config.has("rope_scaling")) {
                config.putNull("rope_scaling");
              }
            });
  }

  /** SmolLM3: Llama in which every fourth layer has no rotary positions. */
  static FamilyDeclaration<?> smolLm3() {
    return new LlamaLike("smollm3", "smollm3", "SmolLM3ForCausalLM")
        .tokenizer(TokenizerStyle.LLAMA)
        .biasesByTensors()
        .pairs()
        .after(DecoderKeys.VOCABULARY, DecoderKeys.HEAD_ROTATED)
        .window(
            facts ->
                facts.fields().bool("use_sliding_window", false)
                    ? facts.fields().positiveInt("sliding_window", 4096)
                    : 0)
        .check(LlamaFamilies::requireEveryFourthUnrotated);
  }

  /** Requires the layers without rotary positions that llama.cpp hardcodes. */
  private static void requireEveryFourthUnrotated(Facts facts) {
    int layers = facts.decoder().layers();
    List<Integer> rotated = facts.fields().integers("no_rope_layers");
    for (int layer = 0; layer < rotated.size() && layer < layers; layer++) {
      if ((rotated.get(layer) != 0) != ((layer + 1) % 4 != 0)) {
        throw Checks.refused(facts, "no_rope_layers", "0 at every 4th layer only");
      }
    }
    int interval = facts.fields().positiveInt("no_rope_layer_interval", 4);
    if (rotated.isEmpty() && interval != 4 && layers >= Math.min(interval, 4)) {
      throw Checks.refused(facts, "no_rope_layer_interval", "4");
    }
  }

  /** A family with Llama's settings. */
  static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .tokenizer(TokenizerStyle.LLAMA)
        .pairs()
        .after(DecoderKeys.VOCABULARY, DecoderKeys.HEAD_ROTATED)
        .llama3Scaling()
        .anyBiases();
  }
}
