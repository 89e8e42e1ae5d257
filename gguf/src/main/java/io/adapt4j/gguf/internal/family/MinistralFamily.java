package io.adapt4j.gguf.internal.family;

import java.util.List;

/** Ministral, written as Llama, which drops the sliding window of some layers. */
final class MinistralFamily extends MistralFamily {

  @Override
  public String modelType() {
    return "ministral";
  }

  @Override
  public String modelClass() {
    return "MinistralForCausalLM";
  }

  @Override
  int window(Facts facts) {
    List<String> types = facts.fields().texts("layer_types");
    return types.isEmpty() || types.contains("sliding_attention") ? super.window(facts) : 0;
  }
}
