package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.tensor.loss.TokenGroups;
import io.adapt4j.core.internal.tokenize.Batch;

/**
 * A batch as the student and as the teacher read it: with the same targets in the same order, or,
 * in other tokens, with the same groups of them.
 */
public record DistillationBatch(Batch student, Batch teacher, TokenGroups groups) {

  /** Creates a batch of the same targets. */
  public DistillationBatch(Batch student, Batch teacher) {
    this(student, teacher, TokenGroups.NONE);
  }

  /** Creates a batch that both read alike. */
  public static DistillationBatch of(Batch batch) {
    return new DistillationBatch(batch, batch);
  }
}
