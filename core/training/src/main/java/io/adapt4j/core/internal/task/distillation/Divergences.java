package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.TargetRowLoss;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Arrays;

/** Sum of the divergences between a student's and a teacher's predictions of targets. */
public record Divergences(
    Decoder student, VocabularyDistillation divergence, TeacherPredictions teacher)
    implements TrainingTask<DistillationBatch> {

  @Override
  public double forwardBackward(
      DistillationBatch batch, double scale, boolean recompute, long seed) {
    double[] sum = new double[1];
    try (Scope scope = Scope.open(student.engine())) {
      VocabularyDistillation.Teacher predictions = teacher.at(batch.teacher());
      TargetRowLoss.forwardBackward(
          student,
          batch.student(),
          recompute,
          seed,
          (rows, targets) -> {
            float[] weights = weights(batch.student(), targets);
            VocabularyDistillation.Result result =
                divergence.forwardBackward(rows, student.head(), predictions, weights, scale);
            sum[0] = result.sum(weights);
            return result.hiddenGradient();
          });
    }
    return sum[0];
  }

  @Override
  public double evaluate(DistillationBatch batch) {
    try (Scope scope = Scope.open(student.engine())) {
      VocabularyDistillation.Teacher predictions = teacher.at(batch.teacher());
      return TargetRowLoss.evaluate(
          student,
          batch.student(),
          (rows, targets) ->
              new VocabularyDistillation.Result(
                      divergence.evaluate(rows, student.head(), predictions), null)
                  .sum(weights(batch.student(), targets)));
    }
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
  public long targets(DistillationBatch batch) {
    return batch.student().targetTokens();
  }

  @Override
  public double weight(DistillationBatch batch) {
    return batch.student().targetWeight();
  }

  @Override
  public long tokens(DistillationBatch batch) {
    return batch.student().tokens();
  }
}
