package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Optional;

/** Hunyuan, dense: norms after rotation of queries and keys, and a scaled rotary base. */
final class HunyuanFamily extends LlamaLikeFamily {

  /** Context length for the scaled base, which configurations do not state. */
  private static final int LONGEST = 256 * 1024;

  private static final int STATED = 32 * 1024;

  @Override
  public String architecture() {
    return "hunyuan-dense";
  }

  @Override
  public String modelType() {
    return "hunyuan_v1_dense";
  }

  @Override
  public String modelClass() {
    return "HunYuanDenseV1ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return DecoderConfig.Defaults.LLAMA;
  }

  @Override
  Facts read(ModelConfig model) {
    Optional<ConfigReader> scaling = stretched(model);
    if (scaling.isEmpty()) {
      return super.read(model);
    }
    ModelConfig plain =
        model.with("rope_scaling", NullNode.instance).with("rope_parameters", NullNode.instance);
    DecoderConfig decoder = super.read(plain).decoder();
    double theta = scaling.get().positiveNumber("rope_theta", decoder.ropeTheta());
    double dim = decoder.headDim();
    double factor = Math.pow(scaling.get().positiveNumber("alpha", 1), dim / (dim - 2));
    int length = decoder.maxPositionEmbeddings();
    return new Facts(
        model,
        super.read(plain.with("rope_theta", DoubleNode.valueOf(theta * factor))).decoder(),
        length == STATED ? LONGEST : length);
  }

  private static Optional<ConfigReader> stretched(ModelConfig model) {
    String field = model.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    return model.fields().child(field).filter(own -> own.has("alpha"));
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    names.add(layer("self_attn.query_layernorm", "attn_q_norm"));
    names.add(layer("self_attn.key_layernorm", "attn_k_norm"));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        new Field(
            (facts, prefix, target) -> {
              if (stretched(facts.model()).isPresent()) {
                describe(facts, prefix + "rope.scaling.", target);
              }
            },
            (source, prefix, config) -> {}));
  }

  /** Writes the rotary keys; the base already includes the scaling. */
  private static void describe(Facts facts, String prefix, GgufMetadata.Builder target) {
    target.string(prefix + "type", "none");
    target.float32(prefix + "factor", 1);
    target.uint32(prefix + "original_context_length", facts.contextLength());
  }
}
