package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Iterator;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * Batches of which a share has completions by the student. A batch is sampled when it is taken, so
 * that it has the weights of its step in a resumed run too.
 */
record OnPolicyBatches(
    BatchSource<Batch> rows,
    double share,
    StudentSampling sampling,
    BiFunction<Batch, Batch, DistillationBatch> shown,
    long seed)
    implements BatchSource<DistillationBatch> {

  private static final long BATCHES = 0x9E3779B97F4A7C15L;

  @Override
  public int count() {
    return rows.count();
  }

  @Override
  public Iterator<DistillationBatch> epoch(int epoch, int firstBatch) {
    Iterator<Batch> own = rows.epoch(epoch, firstBatch);
    return new Iterator<>() {
      private long number = (long) epoch * count() + firstBatch;

      @Override
      public boolean hasNext() {
        return own.hasNext();
      }

      @Override
      public DistillationBatch next() {
        Batch batch = own.next();
        long drawn = seed + BATCHES * ++number;
        boolean writes = new SplittableRandom(drawn).nextDouble() < share;
        return shown.apply(writes ? sampling.completed(batch, drawn) : batch, batch);
      }
    };
  }

  @Override
  public DistillationBatch any() {
    Batch batch = rows.any();
    return shown.apply(batch, batch);
  }
}
