package io.adapt4j.gguf.internal.family;

import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Field;

/** The families of Qwen 2 and 3. */
final class QwenFamilies {

  private QwenFamilies() {}

  static FamilyDeclaration<?> qwen2() {
    return like("qwen2", "qwen2", "Qwen2ForCausalLM")
        .alsoWithin("llava", "internvl")
        .usualHeadDim();
  }

  /** Qwen 3: norms on each query and key head, no biases. */
  static FamilyDeclaration<?> qwen3() {
    return like("qwen3", "qwen3", "Qwen3ForCausalLM")
        .alsoWithin("llava", "internvl")
        .biasesByTensors()
        .statesHeadDim(true)
        .queryKeyNorms()
        // The yes/no rows in files of rerankers, which the output matrix also has.
        .unused((gguf, model) -> gguf.equals(EmbeddingKeys.CLASSIFIER));
  }

  /** The mixtures of experts of Qwen 1.5 and 2, with a shared expert. */
  static FamilyDeclaration<?> qwen2Moe() {
    return like("qwen2moe", "qwen2_moe", "Qwen2MoeForCausalLM")
        .mixture("num_experts", "num_experts_per_tok")
        .more(Experts.gatedShared())
        .after(Experts.width(), Experts.sharedWidth())
        .usualHeadDim()
        .check(Experts::requireEverywhere)
        .check(facts -> Experts.requireNormalized(facts, false, false));
  }

  /** The mixtures of experts of Qwen 3: norms on each query and key head. */
  static FamilyDeclaration<?> qwen3Moe() {
    return like("qwen3moe", "qwen3_moe", "Qwen3MoeForCausalLM")
        .mixture("num_experts", "num_experts_per_tok")
        .queryKeyNorms()
        .after(
            Experts.width(),
            Field.read((source, prefix, config) -> config.put("norm_topk_prob", true)))
        .check(Experts::requireEverywhere)
        .check(facts -> Experts.requireNormalized(facts, true, false));
  }

  private static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass).window(SlidingWindows::switched);
  }
}
