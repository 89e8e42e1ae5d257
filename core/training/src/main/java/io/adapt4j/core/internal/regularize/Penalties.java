package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.train.Penalty;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.TrainingException;
import java.util.List;

/** Factory of the penalty terms that a {@link Regularization} adds to the loss. */
public final class Penalties {

  private Penalties() {}

  /** Returns the identity of a term: everything that affects it, including its data. */
  public static String identity(Regularization term, ExampleEncoder encoder) {
    if (term.name().equals("ewc")) {
      return "EWC, strength "
          + term.strength()
          + ", "
          + term.reference()
              .map(data -> "reference data " + encoder.filter(data).report().digest())
              .orElseGet(() -> "Fisher " + FisherFile.digest(term.fisher().orElseThrow()));
    }
    if (term.name().equals("klToBase")) {
      return "KL to the base, strength "
          + term.strength()
          + ", every "
          + term.every()
          + " steps, replay data "
          + encoder.filter(term.reference().orElseThrow()).report().digest();
    }
    return "L2 to the base, strength " + term.strength();
  }

  /** Creates a term with the current parameter values as its base. */
  public static Penalty start(Regularization term, PenaltyRun run) {
    if (term.name().equals("ewc")) {
      FisherFile.Anchor anchor = FisherFile.Anchor.of(run.adaptation().trained());
      return new QuadraticPenalty(
          run.adaptation().trained(),
          term.fisher()
              .map(anchor::read)
              .orElseGet(() -> Fisher.of(term.reference().orElseThrow(), run, anchor)),
          term.strength());
    }
    if (term.name().equals("klToBase")) {
      return startKl(term, run);
    }
    return new QuadraticPenalty(run.adaptation().trained(), List.of(), term.strength());
  }

  private static Penalty startKl(Regularization term, PenaltyRun run) {
    Dataset replay = term.reference().orElseThrow();
    EncodableRows rows = run.encoder().filter(replay);
    if (rows.report().kept() == 0) {
      throw new TrainingException(replay.name() + ": none of its rows can be used as replay data");
    }
    Batches batches = Batches.of(rows).batchSize(run.batchSize()).shuffle(run.seed()).build();
    return new KlPenalty(
        run.decoder(), BaseModel.of(run), batches, term.strength(), term.every(), run.recompute());
  }
}
