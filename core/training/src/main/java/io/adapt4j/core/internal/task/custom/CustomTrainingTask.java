package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.spi.ObjectiveBatch;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Training by a user-defined objective, which receives the network's outputs and returns their
 * gradient.
 */
record CustomTrainingTask(TrainingObjective objective, Network network, BestModelMetric selection)
    implements TrainingTask<CustomBatch> {

  @Override
  public double forwardBackward(CustomBatch batch, double scale, boolean recompute, long seed) {
    try (Scope scope = Scope.open();
        Positions positions = positions(batch);
        Tape tape = new Tape()) {
      Tensor outputs = outputs(Ops.recording(tape, seed), batch, positions, recompute);
      ObjectiveBatch seen = seen(batch, outputs);
      double loss = loss(seen);
      float[] gradient = new float[seen.gradient().limit()];
      seen.gradient().get(0, gradient);
      Tensor byOutputs = Tensor.of(gradient, outputs.sizes()).scaled(scale);
      tape.backward(outputs, byOutputs.copyAs(outputs.type()), outputs);
      return loss;
    }
  }

  @Override
  public double evaluate(CustomBatch batch) {
    return loss(seen(batch));
  }

  private ObjectiveBatch seen(CustomBatch batch) {
    try (Scope scope = Scope.open();
        Positions positions = positions(batch)) {
      return seen(batch, outputs(Ops.inference(), batch, positions, false));
    }
  }

  private static ObjectiveBatch seen(CustomBatch batch, Tensor outputs) {
    int rows = Math.toIntExact(outputs.size(0));
    int columns = Math.toIntExact(outputs.size(1));
    return new ObjectiveBatch(
        batch.samples(),
        rows,
        columns,
        FloatBuffer.wrap(outputs.toFloats()).asReadOnlyBuffer(),
        FloatBuffer.allocate(Math.multiplyExact(rows, columns)));
  }

  private double loss(ObjectiveBatch seen) {
    double loss = objective.loss(seen);
    if (!Double.isFinite(loss) && isFinite(seen.outputs())) {
      throw new TrainingException(
          "objective %s: expected a finite loss of finite outputs, found %s"
              .formatted(objective.name(), loss));
    }
    return loss;
  }

  private static boolean isFinite(FloatBuffer values) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        return false;
      }
    }
    return true;
  }

  private Positions positions(CustomBatch batch) {
    return network instanceof Decoder decoder
        ? BatchTensors.positions(decoder, batch.texts())
        : BatchTensors.positions((Encoder) network, batch.texts());
  }

  private Tensor outputs(Ops ops, CustomBatch batch, Positions positions, boolean recompute) {
    Batch texts = batch.texts();
    Tensor ids = BatchTensors.ids(texts);
    if (network instanceof Decoder decoder) {
      long[] index = batch.index();
      Tensor hidden = decoder.hidden(ops, ids, positions, recompute);
      return scores(ops, decoder.head(), ops.gatherRows(hidden, Tensor.of(index, index.length)));
    }
    Encoder encoder = (Encoder) network;
    Tensor hidden = encoder.hidden(ops, ids, BatchTensors.types(texts), positions, recompute);
    return encoder.classLogits(ops, hidden, texts.ids(), texts.attentionMask());
  }

  /** Returns the logits of the vocabulary, computed by differentiable operators. */
  private static Tensor scores(Ops ops, VocabularyHead head, Tensor rows) {
    Tensor scores = ops.scaled(ops.linear(rows, head.weight(), head.bias()), head.scale());
    if (head.softCap() == 0) {
      return scores;
    }
    Tensor bounded = ops.activation(ops.scaled(scores, 1 / head.softCap()), Activation.TANH);
    return ops.scaled(bounded, head.softCap());
  }

  @Override
  public long targets(CustomBatch batch) {
    return objective.textOutputs() > 0 ? batch.samples().size() : batch.index().length;
  }

  @Override
  public long tokens(CustomBatch batch) {
    return batch.texts().tokens();
  }

  @Override
  public Evaluation<CustomBatch> evaluation() {
    Map<String, Double> sums = new LinkedHashMap<>();
    long[] rows = {0};
    return Evaluation.of(
        batch -> {
          ObjectiveBatch seen = seen(batch);
          rows[0] += seen.rows();
          objective
              .measure(seen)
              .forEach((name, mean) -> sums.merge(name, mean * seen.rows(), Double::sum));
          return loss(seen);
        },
        () -> {
          Map<String, Double> means = new LinkedHashMap<>();
          sums.forEach((name, sum) -> means.put(name, sum / rows[0]));
          return means;
        });
  }
}
