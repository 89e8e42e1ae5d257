package io.adapt4j.core.internal.nn.next;

/** Names of the tensors of a {@link NextTokenLayer}, other than those of its decoder layer. */
public record NextTokenNames(
    String embeddingNorm,
    String hiddenNorm,
    String projection,
    String finalNorm,
    String embedding,
    String head) {

  /** Returns the names of DeepSeek V3 and GLM-4.5, below the path of the layer. */
  public static NextTokenNames below(String layer) {
    return new NextTokenNames(
        layer + ".enorm",
        layer + ".hnorm",
        layer + ".eh_proj",
        layer + ".shared_head.norm",
        layer + ".embed_tokens.weight",
        layer + ".shared_head.head.weight");
  }

  /** Returns the names of Qwen3-Next and Qwen 3.5, below a root. */
  public static NextTokenNames beside(String root) {
    return new NextTokenNames(
        root + ".pre_fc_norm_embedding",
        root + ".pre_fc_norm_hidden",
        root + ".fc",
        root + ".norm",
        root + ".embed_tokens.weight",
        root + ".lm_head.weight");
  }
}
