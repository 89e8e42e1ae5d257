package io.adapt4j.gguf.internal.family;

import java.util.List;

/** Ministral, whose files are those of Llama: the window of some layers is lost there. */
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
