package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;

/** Gemma 1: norm weights stored plus 1, tied embedding and output. */
class GemmaFamily extends Gemma2Family {

  @Override
  public String architecture() {
    return "gemma";
  }

  @Override
  public String modelType() {
    return "gemma";
  }

  @Override
  public String modelClass() {
    return "GemmaForCausalLM";
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm", normLayout()));
    names.add(layer("post_attention_layernorm", "ffn_norm", normLayout()));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(RopeFields.scaling(), RopeFields.unusualTheta(), activation());
  }

  @Override
  int window(Facts facts) {
    return 0;
  }

  @Override
  void requireWindow(Facts facts) {}

  @Override
  public void requireSupported(Facts facts) {
    requireLlamaLike(facts);
    requireTied(facts);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RopeFields.readHeadDim(config);
  }
}
