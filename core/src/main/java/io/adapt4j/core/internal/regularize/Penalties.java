package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.train.Penalty;
import io.adapt4j.core.regularization.Ewc;
import io.adapt4j.core.regularization.KlToBase;
import io.adapt4j.core.regularization.L2ToBase;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.TrainingException;
import java.util.List;

/** The terms that a {@link Regularization} adds to a loss. */
public final class Penalties {

  private Penalties() {}

  /**
   * Describes everything that decides what a term does, its data included.
   *
   * @param term the term
   * @param encoder turns rows into samples
   * @return a text that is the same for the same term
   */
  public static String identity(Regularization term, ExampleEncoder encoder) {
    if (term instanceof Ewc ewc) {
      return "EWC, strength "
          + ewc.strength()
          + ", "
          + ewc.reference()
              .map(data -> "reference data " + encoder.filter(data).report().digest())
              .orElseGet(() -> "Fisher " + FisherFile.digest(ewc.fisher().orElseThrow()));
    }
    if (term instanceof KlToBase kl) {
      return "KL to the base, strength "
          + kl.strength()
          + ", every "
          + kl.every()
          + " steps, replay data "
          + encoder.filter(kl.reference().orElseThrow()).report().digest();
    }
    return "L2 to the base, strength " + ((L2ToBase) term).strength();
  }

  /**
   * Makes a term, with the trained values as they are now as its base.
   *
   * @param term the term
   * @param run what it is made for
   * @return the penalty, closed by the caller
   */
  public static Penalty start(Regularization term, PenaltyRun run) {
    if (term instanceof Ewc ewc) {
      FisherFile.Anchor anchor = FisherFile.Anchor.of(run.adaptation().trained());
      return new QuadraticPenalty(
          run.adaptation().trained(),
          ewc.fisher()
              .map(anchor::read)
              .orElseGet(() -> Fisher.of(ewc.reference().orElseThrow(), run, anchor)),
          ewc.strength());
    }
    if (term instanceof KlToBase kl) {
      return start(kl, run);
    }
    return new QuadraticPenalty(
        run.adaptation().trained(), List.of(), ((L2ToBase) term).strength());
  }

  private static Penalty start(KlToBase term, PenaltyRun run) {
    Dataset replay = term.reference().orElseThrow();
    EncodableRows rows = run.encoder().filter(replay);
    if (rows.report().kept() == 0) {
      throw new TrainingException(replay.name() + ": none of its rows can be used as replay data");
    }
    Batches batches =
        Batches.of(rows.dataset(), run.encoder())
            .batchSize(run.batchSize())
            .shuffle(run.seed())
            .build();
    return new KlPenalty(
        run.decoder(), BaseModel.of(run), batches, term.strength(), term.every(), run.recompute());
  }
}
