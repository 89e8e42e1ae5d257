package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Mixtral, written as Llama with experts, which drops the sliding window. */
final class MixtralFamily extends LlamaFamily {

  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public String modelClass() {
    return "MixtralForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 1_000_000, OptionalInt.empty());
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return facts.fields().has("head_dim")
        || facts.decoder().headDim() * facts.decoder().heads() != facts.decoder().hiddenSize();
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.addAll(ExpertRows.names("block_sparse_moe", "w1", "w3", "w2"));
    names.addAll(ExpertRows.usual());
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.addAll(ExpertRows.counts("num_local_experts", "num_experts_per_tok"));
    return fields;
  }

  @Override
  int window(Facts facts) {
    return facts.fields().isNull("sliding_window")
        ? 0
        : facts.fields().optionalInt("sliding_window").orElse(0);
  }

  @Override
  public boolean fits(GgufMetadata metadata) {
    return super.fits(metadata) && metadata.integer("llama.expert_count").orElse(0) > 0;
  }
}
