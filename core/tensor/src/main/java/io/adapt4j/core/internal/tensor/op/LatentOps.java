package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/** Operators of multi-head latent attention (DeepSeek-AI 2024, section 2.1). */
public final class LatentOps {

  private static final Operator HEADS = Operator.core("latent_heads");
  private static final Operator HEADS_BACKWARD = Operator.core("latent_heads_backward");
  private static final Operator COLUMNS = Operator.core("head_columns");
  private static final Operator COLUMNS_BACKWARD = Operator.core("head_columns_backward");

  private static final Operator KEY = Operator.core("latent_key");
  private static final Operator ABSORBED = Operator.core("latent_absorbed");
  private static final Operator RESTORED = Operator.core("latent_restored");

  private LatentOps() {}

  /**
   * Arranges queries, keys and values by head, with rotated columns first. Values are padded with
   * zeros to the width of keys. Saves nothing for backward.
   *
   * @param q [B, T, H (N + R)], in each head first the N columns that are not rotated
   * @param kv [B, T, H (N + V)], in each head the keys' columns that are not rotated, and the
   *     values
   * @param rotated the rotated columns of all keys, [B, T, R]
   * @return queries, keys and values, each [B, H, T, R + N]
   */
  public static Tensor[] heads(
      Ops ops, Tensor q, Tensor kv, Tensor rotated, int heads, int plain, int valueWidth) {
    Tensor[] parts = HEADS.tensors(q, kv, rotated, heads, plain);
    if (ops.isDifferentiated(q) || ops.isDifferentiated(kv) || ops.isDifferentiated(rotated)) {
      ops.record(
          parts, new Tensor[] {q, kv, rotated}, d -> HEADS_BACKWARD.tensors(d, plain, valueWidth));
    }
    return parts;
  }

  /**
   * Returns the keys [B, 1, T, R + C] for queries that have absorbed the projection of keys, from
   * their rotated columns [B, T, R] and latent vectors [B, T, C]; inference only.
   */
  public static Tensor key(Tensor rotated, Tensor latent) {
    return KEY.tensor(rotated, latent).typedAs(latent);
  }

  /**
   * Multiplies queries by the projection of keys, so that they attend to latent vectors; inference
   * only.
   *
   * @param q [B, T, H (N + R)], in each head first the N columns that are not rotated
   * @param weight projection of keys and values [H (N + V), C]
   * @return [B, H, T, R + C]
   */
  public static Tensor absorbed(Tensor q, Tensor weight, int heads, int plain) {
    return ABSORBED.tensor(q, weight, heads, plain).typedAs(q);
  }

  /**
   * Projects what heads have mixed of such keys, [B, T, H (R + C)], to values [B, T, H V];
   * inference only.
   */
  public static Tensor restored(Tensor mixed, Tensor weight, int heads, int plain) {
    return RESTORED.tensor(mixed, weight, heads, plain);
  }

  /**
   * Returns the first columns of each head. Saves nothing for backward.
   *
   * @param x [B, T, H D]
   * @return [B, T, H width]
   */
  public static Tensor columns(Ops ops, Tensor x, int heads, int width) {
    long dim = x.size(-1) / heads;
    return ops.recorded(
        COLUMNS.tensor(x, heads, width), x, d -> COLUMNS_BACKWARD.tensor(d, heads, dim));
  }
}
