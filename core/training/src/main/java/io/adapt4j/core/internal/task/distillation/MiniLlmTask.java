package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.TargetRowLoss;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.Grpo;
import java.util.Optional;

/** MiniLLM's loss of completions that the student writes; validation measures the divergence. */
record MiniLlmTask(
    Decoder student, MiniLlm loss, VocabularyDistillation divergence, TeacherPredictions teacher)
    implements TrainingTask<DistillationBatch> {

  private static final float[] NONE = {};

  /** Creates the task with the default clip range and length normalization. */
  static MiniLlmTask of(
      Decoder student,
      double discount,
      VocabularyDistillation divergence,
      TeacherPredictions teacher) {
    MiniLlm loss =
        new MiniLlm(
            new PolicyLoss(new ClippedRatio(Grpo.CLIP, Grpo.CLIP), false, 0),
            Optional.of(new ReturnsToGo(discount, true)),
            true,
            divergence.temperature());
    return new MiniLlmTask(student, loss, divergence, teacher);
  }

  @Override
  public double forwardBackward(
      DistillationBatch batch, double scale, boolean recompute, long seed) {
    int rows = batch.student().rows();
    double[] sum = new double[1];
    try (Scope scope = Scope.open(student.engine())) {
      Live predictions = (Live) teacher.at(batch.teacher());
      MiniLlm.Completions completions =
          new MiniLlm.Completions(lengths(batch), NONE, new float[rows]);
      TargetRowLoss.forwardBackward(
          student,
          batch.student(),
          recompute,
          seed,
          (states, targets) -> {
            VocabularyLoss.Result result =
                loss.forwardBackward(
                    states,
                    student.head(),
                    targets.targets(),
                    predictions,
                    completions,
                    scale * rows);
            sum[0] = result.sum() * rows;
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
          (states, targets) ->
              new VocabularyDistillation.Result(
                      divergence.evaluate(states, student.head(), predictions), null)
                  .sum(RowMeans.weights(lengths(batch))));
    }
  }

  private static int[] lengths(DistillationBatch batch) {
    int[] lengths = new int[batch.student().rows()];
    for (int row = 0; row < lengths.length; row++) {
      lengths[row] = StoredPredictions.targets(batch.student(), row);
    }
    return lengths;
  }

  @Override
  public long targets(DistillationBatch batch) {
    return batch.student().targetTokens();
  }

  @Override
  public double weight(DistillationBatch batch) {
    return batch.student().rows();
  }

  @Override
  public long tokens(DistillationBatch batch) {
    return batch.student().tokens();
  }
}
