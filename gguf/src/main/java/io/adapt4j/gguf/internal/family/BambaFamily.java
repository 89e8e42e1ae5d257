package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Bamba: a hybrid of state-space and attention layers, stored under the architecture name of
 * Granite 4.
 */
final class BambaFamily extends LlamaLikeFamily {

  private static final String ATTENDING = "attn_layer_indices";

  @Override
  public String architecture() {
    return "granitehybrid";
  }

  @Override
  public String modelType() {
    return "bamba";
  }

  @Override
  public String modelClass() {
    return "BambaForCausalLM";
  }

  /** Accepts files without an attention scale, which Granite always states. */
  @Override
  public boolean fits(GgufMetadata metadata) {
    return super.fits(metadata) && metadata.number(architecture() + ".attention.scale").isEmpty();
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(262_144, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  Facts read(ModelConfig model) {
    return super.read(RotaryShare.withDefault(model, 0.5));
  }

  @Override
  boolean pairsRotaryRows() {
    return true;
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return false;
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    List<TensorName> names = new ArrayList<>(super.names(model));
    names.addAll(StateSpaceRows.names(model.fields(), Layout.SAME, Layout.SAME));
    return names;
  }

  @Override
  String finalNorm() {
    return "final_layernorm";
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("feed_forward.gate_proj", "ffn_gate"));
    names.add(layer("feed_forward.up_proj", "ffn_up"));
    names.add(layer("feed_forward.down_proj", "ffn_down"));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("pre_ff_layernorm", "ffn_norm"));
  }

  @Override
  Field keyValueHeads() {
    return LayerKinds.heads(
        facts -> {
          boolean[] attends = new boolean[facts.decoder().layers()];
          List<String> types = LayerKinds.mixers(facts.fields());
          for (int i = 0; i < types.size(); i++) {
            attends[i] = types.get(i).equals(LayerKinds.ATTENTION);
          }
          facts.fields().integers(ATTENDING).forEach(layer -> attends[layer] = true);
          return attends;
        });
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        RotaryShare.count(),
        StateSpaceRows.kernel(),
        StateSpaceRows.stateSize(),
        StateSpaceRows.groupCount(),
        StateSpaceRows.innerSize(),
        StateSpaceRows.headCount(),
        new Field(
            (facts, prefix, target) -> target.bool(prefix + "rope.scaling.finetuned", true),
            (source, prefix, config) -> {}));
  }

  /** Accepts biases: those of attention and MLP are read if present. */
  @Override
  void requireBiases(Facts facts) {}

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    StateSpaceRows.require(facts);
    StateSpaceRows.requireOneGroup(facts);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    String prefix = architecture() + ".";
    ArrayNode attending = config.putArray(ATTENDING);
    boolean[] attends = LayerKinds.attending(metadata, prefix, config);
    for (int i = 0; i < attends.length; i++) {
      if (attends[i]) {
        attending.add(i);
      }
    }
    StateSpaceRows.complete(metadata, prefix, config);
    RotaryShare.complete(metadata, prefix, config);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.stream().anyMatch(name -> name.endsWith(".attn_q.bias")));
    config.put("mlp_bias", tensors.contains("blk.0.ffn_down.bias"));
  }
}
