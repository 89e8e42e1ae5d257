package io.adapt4j.gguf.internal.family;

import java.util.ArrayList;
import java.util.List;

/** Base of Llama-like families with a mixture of experts instead of the MLP. */
abstract class MixtureFamily extends LlamaLikeFamily {

  /** Returns the field for the number of experts. */
  String countField() {
    return "num_experts";
  }

  /** Returns the field for the number of experts per token. */
  String chosenField() {
    return "num_experts_per_tok";
  }

  /** Adds the tensors of dense and of mixture layers. */
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
