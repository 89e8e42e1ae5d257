package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.cache.Selection;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.IndexOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Indexer of sparse attention (DeepSeek-AI 2025, DeepSeek-V3.2, section 2.1): a small attention
 * without values chooses the tokens that each one reads. It is not trained.
 *
 * @param chosen number of tokens read
 * @param pairs whether adjacent columns are rotated together
 */
public record TokenIndex(
    Parameter query,
    Parameter key,
    LayerNorm norm,
    Parameter weights,
    int heads,
    int dim,
    int chosen,
    boolean pairs) {

  private static final double EPSILON = 1e-6;

  /**
   * Declares the indexer at a path.
   *
   * @param rank width of the projected queries that it reads
   */
  public static TokenIndex declare(
      String path, long hidden, long rank, int heads, int dim, int chosen, boolean pairs) {
    return new TokenIndex(
        Parameter.fixed(path + ".wq_b.weight", (long) heads * dim, rank),
        Parameter.fixed(path + ".wk.weight", dim, hidden),
        new LayerNorm(
            Parameter.fixed(path + ".k_norm.weight", dim),
            0,
            Parameter.fixed(path + ".k_norm.bias", dim),
            EPSILON),
        Parameter.fixed(path + ".weights_proj.weight", heads, hidden),
        heads,
        dim,
        chosen,
        pairs);
  }

  List<Parameter> parameters() {
    return List.of(query, key, norm.weight(), norm.bias(), weights);
  }

  /** Returns the keys of tokens [B, 1, T, D]. */
  Tensor keys(Tensor x, RotaryTable table) {
    return IndexOps.keys(x, key.value(), norm.weight().value(), norm.bias().value(), table, pairs);
  }

  /**
   * Returns the choice of tokens.
   *
   * @param x [B, T, hidden]
   * @param read what queries are projected from [B, T, rank]
   */
  Selection selection(Tensor x, Tensor read, RotaryTable table) {
    return new Scored(
        this,
        IndexOps.queries(read, query.value(), heads, table, pairs),
        IndexOps.weights(x, weights.value(), dim));
  }

  /** Returns the mask of texts without earlier tokens. */
  Tensor mask(Tensor x, Tensor read, @Nullable Tensor mask, RotaryTable table) {
    return selection(x, read, table).mask(keys(x, table), mask);
  }

  /** Returns the same mask, which backward needs too. */
  Tensor kept(Ops ops, Tensor x, Tensor read, @Nullable Tensor mask, RotaryTable table) {
    return ops.saveForBackward(mask(x, read, mask, table));
  }

  /** Returns queries [B, H, T, W] with the columns of a cached key, which do not add to scores. */
  Tensor widened(Tensor q) {
    return IndexOps.widened(q, dim);
  }

  /** Rejects texts of which tokens are chosen, where that is not supported. */
  void requireAllChosen(Positions positions, long tokens) {
    boolean isPacked = positions.documents() != null;
    long longest = isPacked ? positions.documents().longest() : positions.cache().longest(tokens);
    if (longest > chosen) {
      throw new IllegalArgumentException(
          ("text: expected at most index_topk, %d tokens, found %d, of which this model chooses those"
                  + " it reads; %s")
              .formatted(
                  chosen,
                  longest,
                  isPacked
                      ? "train without packing"
                      : "load kv_b_proj unquantized, and merge the adapter on it"));
    }
  }

  /** Choice by queries [B, H, T, D] and weights of heads [B, T, H]. */
  private record Scored(TokenIndex index, Tensor queries, Tensor weights) implements Selection {

    @Override
    public int chosen() {
      return index.chosen;
    }

    @Override
    public Tensor mask(Tensor keys, @Nullable Tensor mask) {
      return IndexOps.mask(queries, keys.narrow(3, 0, index.dim), weights, mask, index.chosen);
    }

    @Override
    public Selection of(long from, long tokens) {
      return new Scored(
          index, queries.narrow(2, from, tokens).typedAs(queries), weights.narrow(1, from, tokens));
    }
  }
}
