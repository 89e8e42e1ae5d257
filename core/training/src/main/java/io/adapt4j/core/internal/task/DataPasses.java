package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Forward passes over the training batches, epoch by epoch, without end. */
final class DataPasses<B> implements Iterator<ForwardPass> {

  private final TrainingTask<B> task;
  private final BatchSource<B> batches;
  private Iterator<B> epoch = Collections.emptyIterator();
  private int epochs;

  DataPasses(TrainingTask<B> task, BatchSource<B> batches) {
    this.task = task;
    this.batches = batches;
  }

  @Override
  public boolean hasNext() {
    if (!epoch.hasNext()) {
      epoch = batches.epoch(epochs);
      epochs++;
    }
    return epoch.hasNext();
  }

  @Override
  public ForwardPass next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the training data has no batches");
    }
    B batch = epoch.next();
    return new ForwardPass(() -> task.evaluate(batch), task.targetTokens(batch));
  }
}
