package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.regularize.Penalties;
import io.adapt4j.core.internal.regularize.PenaltyRun;
import io.adapt4j.core.internal.train.Penalty;
import io.adapt4j.core.regularization.Regularization;
import java.util.ArrayList;
import java.util.List;

/** The penalties of a run, closed as a group. */
record Regularizers(List<Penalty> penalties) implements AutoCloseable {

  /** Creates a penalty for each term, with the model before the first step as its base. */
  static Regularizers start(List<Regularization> terms, PenaltyRun run) {
    Regularizers started = new Regularizers(new ArrayList<>());
    try {
      terms.forEach(term -> started.penalties.add(Penalties.start(term, run)));
      return started;
    } catch (RuntimeException e) {
      started.close();
      throw e;
    }
  }

  @Override
  public void close() {
    penalties.forEach(Penalty::close);
  }
}
