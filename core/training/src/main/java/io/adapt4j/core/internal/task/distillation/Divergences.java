package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.TargetRowLoss;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Arrays;

/** Sum of the divergences between a student's and a teacher's predictions of targets. */
public record Divergences(
    Decoder student, VocabularyDistillation divergence, TeacherPredictions teacher)
    implements TrainingTask<Batch> {

  @Override
  public double forwardBackward(Batch batch, double scale, boolean recompute, long seed) {
    double[] sum = new double[1];
    TargetRowLoss.forwardBackward(
        student,
        batch,
        recompute,
        seed,
        (rows, targets) -> {
          float[] weights = weights(batch, targets);
          VocabularyDistillation.Result result =
              divergence.forwardBackward(rows, student.head(), teacher.at(batch), weights, scale);
          sum[0] = result.sum(weights);
          return result.hiddenGradient();
        });
    return sum[0];
  }

  @Override
  public double evaluate(Batch batch) {
    return TargetRowLoss.evaluate(
        student,
        batch,
        (rows, targets) ->
            new VocabularyDistillation.Result(
                    divergence.evaluate(rows, student.head(), teacher.at(batch)), null)
                .sum(weights(batch, targets)));
  }

  private static float[] weights(Batch batch, TargetRows targets) {
    if (batch.weights().length > 0) {
      return targets.labeled(batch.weights()).toFloats();
    }
    float[] ones = new float[targets.count()];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Override
  public long targets(Batch batch) {
    return batch.targetTokens();
  }

  @Override
  public double weight(Batch batch) {
    return batch.targetWeight();
  }

  @Override
  public long tokens(Batch batch) {
    return batch.tokens();
  }
}
