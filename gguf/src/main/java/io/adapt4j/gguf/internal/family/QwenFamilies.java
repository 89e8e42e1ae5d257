package io.adapt4j.gguf.internal.family;

import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Field;

/** The families of Qwen 2 and 3. */
final class QwenFamilies {

  private QwenFamilies() {}

  /** Qwen 2 and 2.5. */
  static GgufFamily qwen2() {
    return like("qwen2", "qwen2", "Qwen2ForCausalLM").usualHeadDim().build();
  }

  /** Qwen 3: norms on each query and key head, no biases. */
  static GgufFamily qwen3() {
    return like("qwen3", "qwen3", "Qwen3ForCausalLM")
        .headDim(128)
        .statesHeadDim(true)
        .queryKeyNorms()
        // The yes/no rows in files of rerankers, which the output matrix also has.
        .unused((gguf, model) -> gguf.equals(EmbeddingKeys.CLASSIFIER))
        .build();
  }

  /** The mixtures of experts of Qwen 1.5 and 2, with a shared expert. */
  static GgufFamily qwen2Moe() {
    return like("qwen2moe", "qwen2_moe", "Qwen2MoeForCausalLM")
        .mixture("num_experts", "num_experts_per_tok")
        .more(Experts.gatedShared())
        .after(Experts.width(), Experts.sharedWidth())
        .usualHeadDim()
        .check(Experts::requireEverywhere)
        .check(facts -> Experts.requireNormalized(facts, false, false))
        .build();
  }

  /** The mixtures of experts of Qwen 3: norms on each query and key head. */
  static GgufFamily qwen3Moe() {
    return like("qwen3moe", "qwen3_moe", "Qwen3MoeForCausalLM")
        .mixture("num_experts", "num_experts_per_tok")
        .queryKeyNorms()
        .after(
            Experts.width(),
            Field.read((source, prefix, config) -> config.put("norm_topk_prob", true)))
        .check(Experts::requireEverywhere)
        .check(facts -> Experts.requireNormalized(facts, true, false))
        .build();
  }

  private static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .defaults(32_768, 1e-6, "silu", false, 10_000)
        .window(SlidingWindows::switched);
  }
}
