package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.cache.Selection;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.IndexOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Indexer of sparse attention (DeepSeek-AI 2025, DeepSeek-V3.2, section 2.1): a small attention
 * without values chooses the tokens that each one reads. It is not trained.
 *
 * @param pairs whether adjacent columns are rotated together
 * @param isShared whether later layers read the same tokens
 */
public record TokenIndex(
    LinearSlot query,
    LinearSlot key,
    LayerNorm norm,
    LinearSlot weights,
    int heads,
    int dim,
    int chosen,
    boolean pairs,
    boolean isShared)
    implements TokenChoice {

  private static final double EPSILON = 1e-6;

  /**
   * Declares the indexer at a path.
   *
   * @param rank width of the projected queries that it reads
   */
  public static TokenIndex declare(
      String path,
      long hidden,
      long rank,
      int heads,
      int dim,
      int chosen,
      boolean pairs,
      boolean isShared) {
    return new TokenIndex(
        LinearSlot.fixed(path + ".wq_b", rank, (long) heads * dim),
        LinearSlot.fixed(path + ".wk", hidden, dim),
        new LayerNorm(
            Parameter.fixed(path + ".k_norm.weight", dim),
            0,
            Parameter.fixed(path + ".k_norm.bias", dim),
            EPSILON),
        LinearSlot.fixed(path + ".weights_proj", hidden, heads),
        heads,
        dim,
        chosen,
        pairs,
        isShared);
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.concat(
            linears().stream().flatMap(slot -> slot.linear().parameters().stream()),
            Stream.of(norm.weight(), norm.bias()))
        .toList();
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(query, key, weights);
  }

  @Override
  public Tensor withKeys(Inputs inputs, Tensor attention) {
    return IndexOps.joined(keys(inputs), attention);
  }

  /** Returns the keys of tokens [B, 1, T, D]. */
  private Tensor keys(Inputs inputs) {
    return IndexOps.keys(
        key.forward(Ops.inference(), inputs.x()),
        norm.weight().value(),
        norm.bias().value(),
        inputs.table(),
        pairs);
  }

  @Override
  public Selection selection(Inputs inputs, Positions positions, int layer) {
    return isShared ? positions.choices().of(layer, () -> scored(inputs)) : scored(inputs);
  }

  private Selection scored(Inputs inputs) {
    return new Scored(
        this,
        IndexOps.queries(
            query.forward(Ops.inference(), inputs.read()), heads, inputs.table(), pairs),
        weights(inputs.x()));
  }

  /** Returns the weights of heads, which a plain weight gives in fp32 throughout. */
  private Tensor weights(Tensor x) {
    return weights.linear() instanceof DenseLinear plain
        ? IndexOps.weights(x, plain.weight().value(), dim)
        : IndexOps.weights(weights.forward(Ops.inference(), x), dim);
  }

  @Override
  public Tensor mask(Inputs inputs, @Nullable Tensor mask, Positions positions, int layer) {
    return selection(inputs, positions, layer).mask(() -> keys(inputs), mask);
  }

  @Override
  public Tensor widened(Tensor q) {
    return IndexOps.widened(q, dim);
  }

  @Override
  public Object kind() {
    return List.of(heads, dim, chosen, isShared);
  }

  /** Choice by queries [B, H, T, D] and weights of heads [B, T, H]. */
  private record Scored(TokenIndex index, Tensor queries, Tensor weights) implements Selection {

    @Override
    public int chosen() {
      return index.chosen;
    }

    @Override
    public Tensor mask(Supplier<Tensor> keys, @Nullable Tensor mask) {
      return IndexOps.mask(
          queries, keys.get().narrow(3, 0, index.dim), weights, mask, index.chosen);
    }

    @Override
    public Selection of(long from, long tokens) {
      return new Scored(
          index, queries.narrow(2, from, tokens).typedAs(queries), weights.narrow(1, from, tokens));
    }
  }
}
