package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.encode.TokenLinear;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Joint ranking loss of dense vectors, lexical token weights and token vectors (late interaction),
 * whose layers train with the encoder.
 */
record HybridLoss(
    RankingLoss dense,
    TokenLinear lexical,
    TokenLinear vectors,
    IntPredicate counts,
    boolean distills)
    implements EmbeddingLoss {

  /** Model outputs for the queries or the passages. */
  private record Side(Batch texts, Tensor dense, Tensor weights, Tensor tokens) {

    Side inFullPrecision() {
      return new Side(
          texts, dense.copyAs(DType.F32), weights.copyAs(DType.F32), tokens.copyAs(DType.F32));
    }
  }

  /** The loss and the scores for its gradients. */
  private record Computed(
      HybridScores loss, LexicalScores ofQueries, LexicalScores ofPassages, TokenScores tokens) {}

  @Override
  public List<RankingLoss.Cut> cuts() {
    return List.of();
  }

  @Override
  public RankingLoss.Scored evaluate(EmbeddingBatch batch) {
    try (Scope scope = Scope.open(dense.encoder().engine());
        Positions ofQueries = dense.positions(batch.queries());
        Positions ofPassages = dense.positions(batch.passages())) {
      Ops ops = Ops.inference();
      Side queries = side(ops, batch.queries(), ofQueries, false).inFullPrecision();
      Side passages = side(ops, batch.passages(), ofPassages, false).inFullPrecision();
      return new RankingLoss.Scored(
          compute(queries, passages, batch).loss().sum(),
          queries.dense().toFloats(),
          passages.dense().toFloats());
    }
  }

  @Override
  public double forwardBackward(EmbeddingBatch batch, double factor, boolean recompute, long seed) {
    try (Scope scope = Scope.open(dense.encoder().engine());
        Positions ofQueries = dense.positions(batch.queries());
        Positions ofPassages = dense.positions(batch.passages());
        Tape tape = new Tape()) {
      Side queries = side(Ops.recording(tape, seed), batch.queries(), ofQueries, recompute);
      Ops ofOthers = Ops.recording(tape, seed ^ RankingLoss.PASSAGES);
      Side passages = side(ofOthers, batch.passages(), ofPassages, recompute);
      Side q = queries.inFullPrecision();
      Side p = passages.inFullPrecision();
      Computed computed = compute(q, p, batch);
      List<Tensor> gradients = gradients(q, p, computed, dense.scale() * factor);
      // Placeholder of the loss, whose gradients are already computed.
      Tensor end = Tensor.zeros(DType.F32, 1);
      tape.record(
          new Tensor[] {end},
          new Tensor[] {
            queries.dense(),
            passages.dense(),
            queries.weights(),
            passages.weights(),
            queries.tokens(),
            passages.tokens()
          },
          d ->
              gradients.stream()
                  .map(gradient -> gradient.copyAs(queries.dense().type()))
                  .toArray(Tensor[]::new));
      tape.backward(end, end, end);
      return computed.loss().sum();
    }
  }

  private Side side(Ops ops, Batch texts, Positions positions, boolean recompute) {
    Tensor hidden = dense.hidden(ops, texts, positions, recompute);
    return new Side(
        texts,
        dense.vectors(ops, texts, hidden),
        ops.activation(lexical.forward(ops, hidden), Activation.RELU),
        ops.normalize(vectors.forward(ops, hidden)));
  }

  private Computed compute(Side queries, Side passages, EmbeddingBatch batch) {
    LexicalScores ofQueries =
        new LexicalScores(queries.texts(), queries.weights().toFloats(), counts);
    LexicalScores ofPassages =
        new LexicalScores(passages.texts(), passages.weights().toFloats(), counts);
    TokenScores tokens =
        new TokenScores(queries.texts(), passages.texts(), queries.tokens(), passages.tokens());
    float[] cosines = queries.dense().times(passages.dense().transposed()).toFloats();
    double[] scaled = new double[cosines.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = dense.scale() * cosines[i];
    }
    double[][] scores = {scaled, scaled(ofQueries.scores(ofPassages)), scaled(tokens.scores())};
    return new Computed(HybridScores.of(scores, batch, distills), ofQueries, ofPassages, tokens);
  }

  private double[] scaled(double[] scores) {
    return scaled(scores, dense.scale());
  }

  private static double[] scaled(double[] values, double factor) {
    double[] scaled = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = factor * values[i];
    }
    return scaled;
  }

  /** Returns the gradients in the order of recording. */
  private static List<Tensor> gradients(
      Side queries, Side passages, Computed computed, double factor) {
    HybridScores loss = computed.loss();
    int rows = queries.texts().rows();
    float[] byCosines = new float[loss.dense().length];
    for (int i = 0; i < byCosines.length; i++) {
      byCosines[i] = (float) (factor * loss.dense()[i]);
    }
    Tensor d = Tensor.of(byCosines, rows, byCosines.length / rows);
    float[] byQueries = new float[Math.toIntExact(queries.weights().count())];
    float[] byPassages = new float[Math.toIntExact(passages.weights().count())];
    computed
        .ofQueries()
        .backward(computed.ofPassages(), scaled(loss.lexical(), factor), byQueries, byPassages);
    Tensor[] ofTokens = computed.tokens().backward(scaled(loss.tokens(), factor));
    return List.of(
        d.times(passages.dense()),
        d.transposed().times(queries.dense()),
        Tensor.of(byQueries, queries.weights().sizes()),
        Tensor.of(byPassages, passages.weights().sizes()),
        ofTokens[0],
        ofTokens[1]);
  }
}
