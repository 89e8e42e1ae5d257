package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Optional;

/** Warns of a loss near 0, which real answers rarely allow. */
final class LossNearZeroRule implements WarningRule {

  private static final double ZERO = 0.01;

  private final Sample losses = new Sample(20);
  private double validation = Double.NaN;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    losses.add(event.loss());
    return losses.isFull() && losses.mean() < ZERO
        ? Optional.of(ofTraining(event.step()))
        : Optional.empty();
  }

  @Override
  public Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    validation = event.loss();
    return validation < ZERO ? Optional.of(ofValidation(event)) : Optional.empty();
  }

  private TrainingWarning ofTraining(int step) {
    String held =
        Double.isNaN(validation)
            ? ""
            : String.format(Locale.ROOT, " (that of validation is %.4f)", validation);
    return warning(
        step,
        String.format(
            Locale.ROOT,
            "The training loss is almost zero: %.5f over 20 steps%s. The rows are learned by heart,"
                + " or the answers can be read off the inputs.",
            losses.mean(),
            held));
  }

  private static TrainingWarning ofValidation(EvaluationEvent event) {
    return warning(
        event.step(),
        String.format(
            Locale.ROOT,
            "The validation loss is almost zero%s: %.5f. The answers can be read off the inputs, or"
                + " the model has seen these rows.",
            event.step() == 0 ? " before the first step" : "",
            event.loss()));
  }

  private static TrainingWarning warning(int step, String message) {
    return new TrainingWarning(
        TrainingWarning.Kind.LOSS_NEAR_ZERO,
        step,
        message,
        "Check that prompts do not hold their answers, that no label is repeated among the fields"
            + " of the input, and that training and validation share no rows; train for fewer"
            + " epochs if the rows are simply few.");
  }
}
