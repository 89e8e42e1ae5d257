package io.adapt4j.upkeep.cycle;

import java.util.Optional;

/** Rule that decides whether a cycle trains. */
@FunctionalInterface
public interface TrainingRule {

  /**
   * Decides.
   *
   * @param collected the rows of the window
   * @return the reason to train, in words; empty to wait for the next cycle
   */
  Optional<String> reason(CollectedRows collected);

  /**
   * Trains on enough new rows.
   *
   * @param least the least number, 1 or more
   * @return the rule
   */
  static TrainingRule rows(long least) {
    if (least < 1) {
      throw new IllegalArgumentException("least: expected 1 or more, found " + least);
    }
    return collected ->
        collected.rows() < least
            ? Optional.empty()
            : Optional.of("%d new rows, at least %d".formatted(collected.rows(), least));
  }

  /**
   * Trains on a signal, such as drift, if there are enough rows to learn from.
   *
   * @param least the least number of rows, 1 or more
   * @return the rule
   */
  static TrainingRule signal(long least) {
    TrainingRule enough = rows(least);
    return collected ->
        collected.signals().isEmpty()
            ? Optional.empty()
            : enough.reason(collected).map(ignored -> String.join("; ", collected.signals()));
  }

  /**
   * Trains if this rule or another one does.
   *
   * @param other asked if this one does not train
   * @return the rule
   */
  default TrainingRule or(TrainingRule other) {
    return collected -> reason(collected).or(() -> other.reason(collected));
  }
}
