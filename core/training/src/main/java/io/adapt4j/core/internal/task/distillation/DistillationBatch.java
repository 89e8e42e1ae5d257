package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.tokenize.Batch;

/** A batch as the student and as the teacher read it: with the same targets in the same order. */
public record DistillationBatch(Batch student, Batch teacher) {

  /** Creates a batch that both read alike. */
  public static DistillationBatch of(Batch batch) {
    return new DistillationBatch(batch, batch);
  }
}
