package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.Divergence;
import io.adapt4j.core.internal.nn.loss.TargetRowLoss;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.AlignedDistillation;
import io.adapt4j.core.internal.tensor.loss.AlignedDistillation.Entries;
import io.adapt4j.core.internal.tensor.loss.AlignedDistillation.Parts;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Result;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.DistillationTask.Alignment;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * Sum of the losses of groups of tokens that a student and a teacher predict in their own tokens.
 */
record AlignedDivergences(
    Decoder student, AlignedDistillation distillation, Decoder teacher, AlignedRows aligned)
    implements TrainingTask<DistillationBatch> {

  /** Creates the task with the tokenizers of both models, which stay open. */
  static AlignedDivergences of(
      DistillationTask task, Decoder student, Tokenizer tokenizer, LoadedModel teacher) {
    TokenTexts own = TokenTexts.of(tokenizer, "the model");
    TokenTexts other = TokenTexts.of(teacher.requireTokenizer(), "the teacher");
    Alignment weights = task.alignment().orElseThrow();
    long rows = student.head().weight().sizes()[0];
    long teacherRows = teacher.decoder().head().weight().sizes()[0];
    TokenTexts.Pairs pairs =
        weights.hybrid()
            ? TokenTexts.pairs(own, rows, other, teacherRows)
            : new TokenTexts.Pairs(new long[0], new long[0]);
    double overlap = pairs.teacher().length / (double) teacherRows;
    Parts parts =
        new Parts(
            weights.distillation() * weights.matched().orElse(overlap),
            weights.distillation() * weights.unmatched().orElse(1 - overlap),
            weights.crossEntropy());
    Entries entries =
        new Entries(
            pairs.student(),
            pairs.teacher(),
            others(rows, pairs.student()),
            others(teacherRows, pairs.teacher()));
    return new AlignedDivergences(
        student,
        new AlignedDistillation(
            task.beta(), task.temperature(), entries, parts, weights.wholeTexts()),
        teacher.decoder(),
        new AlignedRows(own, other, teacher.decoder().lengthLimit()));
  }

  /** Returns a batch with the teacher's tokens. */
  DistillationBatch read(Batch batch) {
    return aligned.of(batch);
  }

  /** Refuses a teacher none of whose tokens can be aligned in a batch. */
  void requireGroups(Batch batch, Path folder) {
    if (read(batch).groups().count() == 0) {
      throw new TrainingException(
          folder
              + ": expected tokens that can be aligned with the model's, found none in a batch."
              + " Choose a teacher whose tokenizer keeps the text as it is.");
    }
  }

  private static long[] others(long rows, long[] matched) {
    long[] sorted = matched.clone();
    Arrays.sort(sorted);
    LongPredicate isOther = id -> Arrays.binarySearch(sorted, id) < 0;
    return LongStream.range(0, rows).filter(isOther).toArray();
  }

  @Override
  public double forwardBackward(
      DistillationBatch batch, double scale, boolean recompute, long seed) {
    if (batch.groups().count() == 0) {
      return 0;
    }
    double[] sum = new double[1];
    try (Scope scope = Scope.open(student.engine())) {
      Live predictions = predictions(batch);
      TargetRowLoss.forwardBackward(
          student,
          batch.student(),
          recompute,
          seed,
          (rows, targets) -> {
            Result result =
                distillation.forwardBackward(
                    rows,
                    student.head(),
                    targets(batch, targets),
                    predictions,
                    batch.groups(),
                    scale);
            sum[0] = result.sum(batch.groups().weights());
            return result.hiddenGradient();
          });
    }
    return sum[0];
  }

  @Override
  public double evaluate(DistillationBatch batch) {
    if (batch.groups().count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(student.engine())) {
      Live predictions = predictions(batch);
      return TargetRowLoss.evaluate(
          student,
          batch.student(),
          (rows, targets) -> {
            float[] losses =
                distillation.evaluate(
                    rows, student.head(), targets(batch, targets), predictions, batch.groups());
            return new Result(losses, null).sum(batch.groups().weights());
          });
    }
  }

  private Live predictions(DistillationBatch batch) {
    return new Live(Divergence.rows(teacher, batch.teacher()), teacher.head());
  }

  private static Tensor[] targets(DistillationBatch batch, TargetRows own) {
    return new Tensor[] {own.targets(), TargetRows.of(batch.teacher()).targets()};
  }

  @Override
  public long targets(DistillationBatch batch) {
    return batch.student().targetTokens();
  }

  @Override
  public double weight(DistillationBatch batch) {
    return batch.groups().weight();
  }

  @Override
  public long tokens(DistillationBatch batch) {
    return batch.student().tokens();
  }
}
