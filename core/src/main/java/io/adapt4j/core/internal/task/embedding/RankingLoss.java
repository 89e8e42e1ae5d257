package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderInputs;
import io.adapt4j.core.internal.nn.Positions;
import io.adapt4j.core.internal.tensor.ClassLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tape;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Multiple negatives ranking (Henderson et al. 2017, section 4; as Sentence Transformers'
 * MultipleNegativesRankingLoss): each query has to find its passage among all passages of the
 * batch, by softmax cross-entropy over scaled cosines.
 *
 * @param encoder reads the texts
 * @param head makes their vectors
 * @param scale multiplies the cosines
 */
public record RankingLoss(Encoder encoder, VectorHead head, double scale) {

  /** Tells what is random in passages from what is in queries. */
  private static final long PASSAGES = 0x9E3779B97F4A7C15L;

  /**
   * A batch of B queries and P passages, the first B of which are those of the queries.
   *
   * @param queries the queries
   * @param passages the passages
   * @param excluded [B, P] in row-major order: passages that a query is not compared with
   * @param weights [B], how much each query counts
   */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Inputs(
      EncoderInputs queries, EncoderInputs passages, boolean[] excluded, float[] weights) {}

  /**
   * A loss and the vectors it was computed from, of length 1.
   *
   * @param sum summed over the queries
   * @param queries [B, width] in row-major order
   * @param passages [P, width] in row-major order
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Scored(double sum, float[] queries, float[] passages) {}

  /** The sum over a batch's queries and its gradients by the vectors. */
  private record Differentiated(double sum, Tensor queries, Tensor passages) {}

  /**
   * Sums the loss over the batch's queries.
   *
   * @param batch the batch
   * @return the sum and the vectors
   */
  public Scored evaluate(Inputs batch) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions ofQueries = positions(batch.queries());
        Positions ofPassages = positions(batch.passages())) {
      Ops ops = Ops.inference();
      Tensor queries = vectors(ops, batch.queries(), ofQueries, false).copyAs(DType.F32);
      Tensor passages = vectors(ops, batch.passages(), ofPassages, false).copyAs(DType.F32);
      double sum = loss(queries, passages, batch).sum();
      return new Scored(sum, queries.toFloats(), passages.toFloats());
    }
  }

  /**
   * Sums the loss over the batch's queries and adds the gradients of the sum times a factor to the
   * trained parameters.
   *
   * @param batch the batch
   * @param factor multiplies the gradients
   * @param recompute whether to trade time for memory, layer by layer
   * @param seed decides dropout masks
   * @return the sum, not multiplied
   */
  public double forwardBackward(Inputs batch, double factor, boolean recompute, long seed) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions ofQueries = positions(batch.queries());
        Positions ofPassages = positions(batch.passages());
        Tape tape = new Tape()) {
      Tensor queries = vectors(Ops.recording(tape, seed), batch.queries(), ofQueries, recompute);
      Tensor passages =
          vectors(Ops.recording(tape, seed ^ PASSAGES), batch.passages(), ofPassages, recompute);
      Differentiated loss = gradients(queries, passages, batch, factor);
      // Stands for the loss: what its derivative will be is known already.
      Tensor end = Tensor.zeros(DType.F32, 1);
      tape.record(
          new Tensor[] {end},
          new Tensor[] {queries, passages},
          d ->
              new Tensor[] {
                loss.queries().copyAs(queries.type()), loss.passages().copyAs(passages.type())
              });
      tape.backward(end, end, end);
      return loss.sum();
    }
  }

  private Differentiated gradients(Tensor queries, Tensor passages, Inputs batch, double factor) {
    Tensor q = queries.copyAs(DType.F32);
    Tensor p = passages.copyAs(DType.F32);
    ClassLoss.Result loss = loss(q, p, batch);
    Tensor byCosines = loss.logitsGradient().scaled(scale * factor);
    return new Differentiated(loss.sum(), byCosines.times(p), byCosines.transposed().times(q));
  }

  /** The loss of fp32 vectors of length 1, and its gradient by the scaled cosines. */
  private ClassLoss.Result loss(Tensor queries, Tensor passages, Inputs batch) {
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

  private Tensor vectors(Ops ops, EncoderInputs inputs, Positions positions, boolean recompute) {
    Tensor ids = Tensor.of(inputs.ids(), inputs.rows(), inputs.length());
    Tensor types = Tensor.of(inputs.tokenTypes(), inputs.rows(), inputs.length());
    Tensor hidden = encoder.hidden(ops, ids, types, positions, recompute);
    return ops.normalize(head.forward(ops, hidden, inputs.attentionMask()));
  }

  private Positions positions(EncoderInputs inputs) {
    return encoder.positions(inputs.ids(), inputs.attentionMask(), inputs.rows(), inputs.length());
  }
}
