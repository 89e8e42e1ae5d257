package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.Divergence;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tokenize.Batch;

/** Predictions of a teacher at the targets of batches. */
@FunctionalInterface
public interface TeacherPredictions {

  /** Returns the predictions; owned by the open scope. */
  VocabularyDistillation.Teacher at(Batch batch);

  /** Returns a model's predictions. */
  static TeacherPredictions of(Decoder teacher) {
    return batch ->
        new VocabularyDistillation.Live(Divergence.rows(teacher, batch), teacher.head());
  }
}
