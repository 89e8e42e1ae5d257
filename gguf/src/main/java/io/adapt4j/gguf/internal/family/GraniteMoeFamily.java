package io.adapt4j.gguf.internal.family;

import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;

/** Granite 3 with a mixture of experts in every layer, optionally with a shared expert. */
class GraniteMoeFamily extends GraniteFamily {

  private static final String SHARED = "shared_intermediate_size";
  private static final String SHARED_KEY = "expert_shared_feed_forward_length";

  private final boolean shared;

  GraniteMoeFamily(boolean shared) {
    this.shared = shared;
  }

  @Override
  public String architecture() {
    return "granitemoe";
  }

  @Override
  public String modelType() {
    return shared ? "granitemoeshared" : "granitemoe";
  }

  @Override
  public String modelClass() {
    return shared ? "GraniteMoeSharedForCausalLM" : "GraniteMoeForCausalLM";
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.addAll(mixture());
    names.addAll(sharedMlp("_shexp"));
  }

  static List<TensorName> mixture() {
    List<TensorName> names = new ArrayList<>();
    names.add(layer("block_sparse_moe.router.layer", "ffn_gate_inp"));
    names.addAll(ExpertRows.stacks("block_sparse_moe", "input_linear", "output_linear"));
    return names;
  }

  /** Returns the tensors of the shared expert, under either of its names. */
  static List<TensorName> sharedMlp(String suffix) {
    String path = "shared_mlp.";
    return List.of(
        layer(path + "input_linear", "ffn_gate" + suffix, Layout.FIRST_HALF),
        layer(path + "input_linear", "ffn_up" + suffix, Layout.SECOND_HALF),
        layer(path + "output_linear", "ffn_down" + suffix));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.addAll(ExpertRows.counts("num_local_experts", "num_experts_per_tok"));
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsAfterFileType());
    if (shared) {
      fields.add(
          Field.integer(SHARED_KEY, SHARED, facts -> facts.fields().optionalInt(SHARED).orElse(0))
              .when(facts -> facts.fields().optionalInt(SHARED).orElse(0) > 0));
    }
    return fields;
  }

  @Override
  public boolean fits(GgufMetadata metadata) {
    boolean has = metadata.integer(architecture() + "." + SHARED_KEY).orElse(0) > 0;
    return super.fits(metadata) && has == shared;
  }
}
