package io.adapt4j.core.internal.task.episode;

import io.adapt4j.core.reinforce.Turn;
import java.util.List;
import java.util.Optional;

/**
 * Turn with its tokens: those of the answer, and those of the environment before the next one. The
 * log-probabilities are empty if they were not asked for.
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record EpisodeTurn(
    Turn answer,
    int[] ids,
    float[] logProbs,
    Optional<String> reply,
    int[] observation,
    double reward) {

  private static final int[] NONE = {};

  /** Creates the only turn of a completion without an environment. */
  public static EpisodeTurn alone(String text, boolean truncated, int[] ids, float[] logProbs) {
    return new EpisodeTurn(
        new Turn(1, text, List.of(), truncated, true), ids, logProbs, Optional.empty(), NONE, 0);
  }
}
