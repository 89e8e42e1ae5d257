package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.ClassLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Multiple negatives ranking loss (Henderson et al. 2017, section 4; Sentence Transformers'
 * MultipleNegativesRankingLoss): softmax cross-entropy over scaled cosines of each query's passage
 * against all passages of the batch. With cuts it is the weighted sum of the losses of truncated
 * and renormalized vectors (Kusupati et al. 2022; Sentence Transformers' MatryoshkaLoss).
 */
public record RankingLoss(Encoder encoder, VectorHead head, double scale, List<Cut> cuts)
    implements EmbeddingLoss {

  /** A Matryoshka dimension and its weight in the loss. */
  public record Cut(int dimension, double weight) {}

  /** Creates the loss of full vectors. */
  public RankingLoss(Encoder encoder, VectorHead head, double scale) {
    this(encoder, head, scale, List.of());
  }

  /** Seed offset that makes dropout in passages independent of queries. */
  static final long PASSAGES = 0x9E3779B97F4A7C15L;

  /**
   * A loss and the unit vectors that it was computed from.
   *
   * @param queries [B, width] in row-major order
   * @param passages [P, width] in row-major order
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Scored(double sum, float[] queries, float[] passages) {}

  /** Unit vectors of a part of the loss, and its weight. */
  private record Part(Tensor queries, Tensor passages, double weight) {}

  /** The sum over a batch's queries and its gradients with respect to the vectors. */
  private record Differentiated(double sum, Tensor queries, Tensor passages) {}

  @Override
  public Scored evaluate(EmbeddingBatch batch) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions ofQueries = positions(batch.queries());
        Positions ofPassages = positions(batch.passages())) {
      Ops ops = Ops.inference();
      Tensor queries = vectors(ops, batch.queries(), ofQueries, false).copyAs(DType.F32);
      Tensor passages = vectors(ops, batch.passages(), ofPassages, false).copyAs(DType.F32);
      double sum = 0;
      for (Part part : parts(ops, queries, passages)) {
        sum += part.weight() * loss(part.queries(), part.passages(), batch).sum();
      }
      return new Scored(sum, queries.toFloats(), passages.toFloats());
    }
  }

  @Override
  public double forwardBackward(EmbeddingBatch batch, double factor, boolean recompute, long seed) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions ofQueries = positions(batch.queries());
        Positions ofPassages = positions(batch.passages());
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor queries = vectors(ops, batch.queries(), ofQueries, recompute);
      Tensor passages =
          vectors(Ops.recording(tape, seed ^ PASSAGES), batch.passages(), ofPassages, recompute);
      double sum = 0;
      List<Tensor> inputs = new ArrayList<>();
      List<Tensor> gradients = new ArrayList<>();
      for (Part part : parts(ops, queries, passages)) {
        Differentiated loss = gradients(part, batch, factor);
        sum += loss.sum();
        Collections.addAll(inputs, part.queries(), part.passages());
        Collections.addAll(gradients, loss.queries(), loss.passages());
      }
      // Placeholder of the loss, whose gradients are already computed.
      Tensor end = Tensor.zeros(DType.F32, 1);
      tape.record(
          new Tensor[] {end},
          inputs.toArray(Tensor[]::new),
          d ->
              gradients.stream()
                  .map(gradient -> gradient.copyAs(queries.type()))
                  .toArray(Tensor[]::new));
      tape.backward(end, end, end);
      return sum;
    }
  }

  private List<Part> parts(Ops ops, Tensor queries, Tensor passages) {
    if (cuts.isEmpty()) {
      return List.of(new Part(queries, passages, 1));
    }
    return cuts.stream()
        .map(
            cut ->
                new Part(
                    cut(ops, queries, cut.dimension()),
                    cut(ops, passages, cut.dimension()),
                    cut.weight()))
        .toList();
  }

  private static Tensor cut(Ops ops, Tensor vectors, int dimension) {
    return dimension == vectors.size(-1)
        ? vectors
        : ops.normalize(RelativeOps.columns(ops, vectors, 0, dimension));
  }

  private Differentiated gradients(Part part, EmbeddingBatch batch, double factor) {
    Tensor q = part.queries().copyAs(DType.F32);
    Tensor p = part.passages().copyAs(DType.F32);
    ClassLoss.Result loss = loss(q, p, batch);
    Tensor byCosines = loss.logitsGradient().scaled(scale * factor * part.weight());
    return new Differentiated(
        part.weight() * loss.sum(), byCosines.times(p), byCosines.transposed().times(q));
  }

  /** Returns the loss of fp32 unit vectors, and its gradient with respect to the scaled cosines. */
  private ClassLoss.Result loss(Tensor queries, Tensor passages, EmbeddingBatch batch) {
    int rows = batch.queries().rows();
    Tensor logits = queries.times(passages.transposed()).scaled(scale);
    Tensor own = Tensor.of(LongStream.range(0, rows).toArray(), rows);
    Tensor weights = Tensor.of(batch.weights(), rows);
    return ClassLoss.crossEntropy(masked(logits, batch.excluded()), own, Optional.of(weights));
  }

  private static Tensor masked(Tensor logits, boolean[] excluded) {
    float[] added = new float[excluded.length];
    boolean any = false;
    for (int i = 0; i < excluded.length; i++) {
      added[i] = excluded[i] ? Float.NEGATIVE_INFINITY : 0;
      any |= excluded[i];
    }
    return any ? logits.plus(Tensor.of(added, logits.sizes())) : logits;
  }

  private Tensor vectors(Ops ops, Batch inputs, Positions positions, boolean recompute) {
    return vectors(ops, inputs, hidden(ops, inputs, positions, recompute));
  }

  /** Returns the unit vectors of texts from their hidden states. */
  Tensor vectors(Ops ops, Batch inputs, Tensor hidden) {
    return ops.normalize(head.forward(ops, hidden, inputs.attentionMask()));
  }

  /** Returns the hidden states of texts. */
  Tensor hidden(Ops ops, Batch inputs, Positions positions, boolean recompute) {
    return encoder.hidden(
        ops, BatchTensors.ids(inputs), BatchTensors.types(inputs), positions, recompute);
  }

  Positions positions(Batch inputs) {
    return BatchTensors.positions(encoder, inputs);
  }
}
