package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.spi.PairwiseLoss;

/** Pair loss defined by the user. */
record CustomLoss(PairwiseLoss loss) implements LossSettings, PairLoss {

  @Override
  public double beta() {
    return loss.beta();
  }

  @Override
  public boolean usesReference() {
    return loss.usesReference();
  }

  /** Not supported: a custom loss needs the whole pair. */
  @Override
  public Terms terms(double chosen, double rejected) {
    throw new UnsupportedOperationException("expected a pair, found two scores");
  }

  @Override
  public Terms terms(PairwiseLoss.Pair pair, double chosen, double rejected) {
    // The step is then skipped, as with any other loss.
    if (!Double.isFinite(chosen) || !Double.isFinite(rejected)) {
      return new Terms(Double.NaN, Double.NaN, Double.NaN);
    }
    PairwiseLoss.Term term = loss.term(pair);
    if (!Double.isFinite(term.loss())
        || !Double.isFinite(term.byChosen())
        || !Double.isFinite(term.byRejected())) {
      throw new TrainingException(
          "loss " + loss.name() + ": expected finite numbers, found " + term + " of " + pair);
    }
    return new Terms(term.loss(), term.byChosen(), term.byRejected());
  }

  /** Returns the name and options, which identify the loss. */
  @Override
  public String toString() {
    return "custom " + loss.name() + " [" + loss.options() + "]";
  }
}
