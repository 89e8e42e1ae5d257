package io.adapt4j.lora.internal.adapter;

import com.google.common.collect.ImmutableMap;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.List;
import java.util.Map;

/**
 * An update of the token embedding or of the output head: low-rank matrices, or rows for some
 * tokens.
 *
 * @param rank rank of the matrices; 0 for rows of tokens
 */
public record TableTarget(
    Kind kind,
    String path,
    String tensor,
    long rows,
    long width,
    int rank,
    double scale,
    List<Integer> tokens) {

  /** PEFT's kinds of layers for embedding tables. */
  public enum Kind {
    EMBEDDING,
    LINEAR,
    TOKENS
  }

  private static final String TOKENS = ".token_adapter.trainable_tokens_delta";

  public String a() {
    return kind == Kind.EMBEDDING ? PeftNames.base(path + ".lora_embedding_A") : PeftNames.a(path);
  }

  public String b() {
    return kind == Kind.EMBEDDING ? PeftNames.base(path + ".lora_embedding_B") : PeftNames.b(path);
  }

  public String delta() {
    return PeftNames.base(path + TOKENS);
  }

  /**
   * Returns the name of the unchanged weight, which PEFT stores along with matrices of embedding
   * and head.
   */
  public String baseLayer() {
    return PeftNames.base(path + ".base_layer.weight");
  }

  /** Returns the trainable tensors with their dimensions. */
  public Map<String, List<Long>> tensors() {
    return switch (kind) {
      case TOKENS -> Map.of(delta(), List.of((long) tokens.size(), width));
      case EMBEDDING ->
          ImmutableMap.of(a(), List.of((long) rank, rows), b(), List.of(width, (long) rank));
      case LINEAR ->
          ImmutableMap.of(a(), List.of((long) rank, width), b(), List.of(rows, (long) rank));
    };
  }

  public long count() {
    return kind == Kind.TOKENS ? tokens.size() * width : rank * (rows + width);
  }
}
