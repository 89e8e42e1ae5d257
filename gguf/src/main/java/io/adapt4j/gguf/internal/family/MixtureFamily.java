package io.adapt4j.gguf.internal.family;

import java.util.ArrayList;
import java.util.List;

/** What families built like Llama with a mixture of experts in place of the MLP share. */
abstract class MixtureFamily extends LlamaLikeFamily {

  /** The field of how many experts there are. */
  String countField() {
    return "num_experts";
  }

  /** The field of how many experts a token goes to. */
  String chosenField() {
    return "num_experts_per_tok";
  }

  /** Those of layers without a mixture too. */
  @Override
  void feedForward(List<TensorName> names) {
    super.feedForward(names);
    names.addAll(ExpertRows.usual());
  }

  static void queryKeyNorms(List<TensorName> names) {
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.addAll(ExpertRows.counts(countField(), chosenField()));
    return fields;
  }
}
