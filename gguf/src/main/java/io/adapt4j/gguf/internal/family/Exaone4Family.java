package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * EXAONE 4: norms after each branch and, in the 32B model, sliding windows in three of four layers.
 */
final class Exaone4Family extends LlamaLikeFamily {

  private static final String WINDOW = "sliding_window";

  /** Layer count by which llama.cpp recognizes the 32B model, the only one with windows. */
  private static final int LAYERS_OF_32B = 64;

  private static final int PERIOD = 4;

  @Override
  public String architecture() {
    return "exaone4";
  }

  @Override
  public String modelType() {
    return "exaone4";
  }

  @Override
  public String modelClass() {
    return "Exaone4ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("post_attention_layernorm", "post_attention_norm"));
    names.add(layer("post_feedforward_layernorm", "post_ffw_norm"));
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        Field.integer("attention." + WINDOW, WINDOW, this::window).when(facts -> window(facts) > 0),
        statedPattern(PERIOD).when(facts -> window(facts) > 0));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().isNull(WINDOW) ? 0 : facts.fields().positiveInt(WINDOW, 4096);
  }

  @Override
  void requireWindow(Facts facts) {
    boolean fixed = facts.decoder().layers() == LAYERS_OF_32B;
    if (window(facts) > 0 != fixed) {
      throw refused(
          facts, WINDOW, fixed ? "a number" : "null but with " + LAYERS_OF_32B + " layers");
    }
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(
        RopeScaling.Default.class,
        RopeScaling.Linear.class,
        RopeScaling.Yarn.class,
        RopeScaling.Llama3.class);
  }

  @Override
  public List<ExtraTensor> extraTensors(Facts facts) {
    return RopeFields.llama3(facts.decoder());
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }

  /** Sets the window that llama.cpp assumes for this number of layers, whatever the file says. */
  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    if (config.path("num_hidden_layers").asInt() != LAYERS_OF_32B) {
      config.set(WINDOW, NullNode.getInstance());
      config.remove("layer_types");
    } else if (!config.has(WINDOW)) {
      config.put(WINDOW, 4096);
    }
  }
}
