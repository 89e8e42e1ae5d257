package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attention of new tokens over a key-value cache; inference only. */
public final class CachedAttention {

  private static final Operator SPLIT_HEADS = Operator.core("split_heads");
  private static final Operator ROTARY = Operator.core("rotary");
  private static final Operator CACHE_APPEND = Operator.core("cache_append");
  private static final Operator CACHED_ATTENTION = Operator.core("cached_attention");
  private static final Operator ROTATED_CACHED_ATTENTION =
      Operator.core("rotated_cached_attention");

  private static final Operator JOINED_ATTENTION = Operator.core("joined_attention");
  private static final Operator ROTATED_JOINED_ATTENTION =
      Operator.core("rotated_joined_attention");

  private static final Operator SELECT_ROWS = Operator.core("select_rows");

  private CachedAttention() {}

  /**
   * Appends keys and values to a cache.
   *
   * @param k new keys [B, K, T, D]
   * @param v new values [B, K, T, D]
   * @param keys key cache [B, K, capacity, D], written at {@code length}
   */
  public static void append(Tensor k, Tensor v, Tensor keys, Tensor values, long length) {
    CACHE_APPEND.run(keys, values, k, v, length);
  }

  /**
   * Gathers rows of a cache.
   *
   * @param x [B, ..]
   * @return [N, ..]
   */
  public static Tensor rows(Tensor x, Tensor rows) {
    return SELECT_ROWS.tensor(x, rows);
  }

  /**
   * Appends keys and values to a cache and attends over all of it.
   *
   * @param q queries [B, H, T, D]
   * @param mask additive mask [B, 1, T, length + T]; null if all cached tokens are visible or, with
   *     an empty cache, for the causal mask
   * @return the concatenated heads [B, T, H D]
   */
  public static Tensor apply(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor keys,
      Tensor values,
      long length,
      Tensor mask,
      AttentionRule rule) {
    CACHE_APPEND.run(keys, values, k, v, length);
    if (q.size(2) > 1 && FusedOps.attends(q, mask, rule)) {
      long held = length + k.size(2);
      return FusedOps.attention(
          q, keys.narrow(2, 0, held), values.narrow(2, 0, held), null, rule, 0);
    }
    return CACHED_ATTENTION.tensor(
        q,
        keys,
        values,
        length + k.size(2),
        masks(mask),
        rule.scale(),
        rule.softCap(),
        rule.window(),
        rule.alibi());
  }

  /**
   * Like {@link #apply}, but from a joined projection, whose queries and keys are rotated first.
   *
   * @param projected concatenated queries, keys and values [B, T, (H + K + K) D]
   */
  public static Tensor rotated(
      Tensor projected,
      long queryHeads,
      RotaryTable table,
      Tensor keys,
      Tensor values,
      long length,
      Tensor mask,
      AttentionRule rule) {
    if (projected.size(1) > 1 && FusedOps.attends(keys, mask, rule)) {
      Tensor[] parts = turned(projected, queryHeads, keys.size(1), keys.size(3), table);
      return apply(parts[0], parts[1], parts[2], keys, values, length, mask, rule);
    }
    return ROTATED_CACHED_ATTENTION
        .tensor(
            projected,
            queryHeads,
            keys.size(1),
            keys.size(3),
            table.cos(),
            table.sin(),
            keys,
            values,
            length,
            masks(mask),
            rule.scale(),
            rule.softCap(),
            rule.window())
        .typedAs(projected);
  }

  /** Splits a joined projection into queries, keys and values; queries and keys are rotated. */
  public static Tensor[] turned(
      Tensor projected, long queryHeads, long keyValueHeads, long headDim, RotaryTable table) {
    long[] parts = {queryHeads + keyValueHeads, keyValueHeads};
    Tensor[] split = SPLIT_HEADS.tensors(projected, parts, headDim);
    Tensor turned = ROTARY.tensor(split[0], table.cos(), table.sin()).typedAs(projected);
    Tensor q = turned.narrow(1, 0, queryHeads).typedAs(projected);
    return new Tensor[] {q, turned.narrow(1, queryHeads, keyValueHeads), split[1]};
  }

  /**
   * A layer's caches of several texts, which follow each other in memory.
   *
   * @param keys keys of the first text [1, K, capacity, D]
   * @param values values of the first text [1, K, capacity, D]
   * @param lengths number of cached tokens of each, I64 [N]
   * @param mask additive mask [N, 1, 1, longest + 1], or null if all texts have the same length
   */
  public record Texts(
      Tensor keys, Tensor values, Tensor lengths, long longest, @Nullable Tensor mask) {

    /** Returns the window that the mask does not express. */
    private long window(AttentionRule rule) {
      return mask == null ? rule.window() : 0;
    }
  }

  /**
   * Appends the key and value of one token of each text, and attends over all of its cache.
   *
   * @param q queries, one of each text [1, H, N, D]
   * @return the concatenated heads [1, N, H D]
   */
  public static Tensor joined(Tensor q, Tensor k, Tensor v, Texts texts, AttentionRule rule) {
    return JOINED_ATTENTION.tensor(
        q,
        k,
        v,
        texts.keys(),
        texts.values(),
        texts.lengths(),
        texts.longest() + 1,
        masks(texts.mask()),
        rule.scale(),
        rule.softCap(),
        texts.window(rule),
        rule.alibi());
  }

  /**
   * Like {@link #joined}, but from a joined projection, whose queries and keys are rotated first.
   *
   * @param projected concatenated queries, keys and values [1, N, (H + K + K) D]
   */
  public static Tensor rotatedJoined(
      Tensor projected, long queryHeads, RotaryTable table, Texts texts, AttentionRule rule) {
    return ROTATED_JOINED_ATTENTION
        .tensor(
            projected,
            queryHeads,
            table.cos(),
            table.sin(),
            texts.keys(),
            texts.values(),
            texts.lengths(),
            texts.longest() + 1,
            masks(texts.mask()),
            rule.scale(),
            rule.softCap(),
            texts.window(rule))
        .typedAs(projected);
  }

  private static List<Tensor> masks(@Nullable Tensor mask) {
    return mask == null ? List.of() : List.of(mask);
  }
}
