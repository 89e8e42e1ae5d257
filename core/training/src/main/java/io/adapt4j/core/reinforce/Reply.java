package io.adapt4j.core.reinforce;

import java.util.Objects;
import java.util.Optional;

/**
 * Reply of an environment to a turn.
 *
 * @param message message of the user, after the results of the calls; empty for none
 * @param ends whether the episode ends
 * @param reward reward of the turn; NaN makes that of the episode undefined
 */
public record Reply(Optional<String> message, boolean ends, double reward) {

  /** Checks that there is a message container. */
  public Reply {
    Objects.requireNonNull(message, "message");
  }

  /**
   * Continues with the results of the calls alone. A turn without calls ends the episode then.
   *
   * @return the reply
   */
  public static Reply proceed() {
    return new Reply(Optional.empty(), false, 0);
  }

  /**
   * Continues with a message.
   *
   * @param message message of the user
   * @return the reply
   */
  public static Reply say(String message) {
    return new Reply(Optional.of(message), false, 0);
  }

  /**
   * Ends the episode.
   *
   * @return the reply
   */
  public static Reply end() {
    return new Reply(Optional.empty(), true, 0);
  }

  /**
   * Returns a copy with a reward; default 0.
   *
   * @param value reward of the turn
   * @return the copy
   */
  public Reply withReward(double value) {
    return new Reply(message, ends, value);
  }
}
