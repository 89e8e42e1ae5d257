package io.adapt4j.core.reinforce;

import java.time.Duration;
import java.util.Objects;

/**
 * Limits of an episode.
 *
 * @param turns most answers of the policy
 * @param tokens most tokens after the prompt, those of the environment included; a turn begins only
 *     if all of its new tokens fit
 * @param call most time of a tool call or a reply; a call beyond it fails and is interrupted
 * @param episode time after which no further turn begins
 * @param resultCharacters most characters of a tool's result or of a reply; the rest is cut off
 */
public record EpisodeLimits(
    int turns, int tokens, Duration call, Duration episode, int resultCharacters) {

  /** Checks the limits. Throws {@link IllegalArgumentException} if one is not above 0. */
  public EpisodeLimits {
    Numbers.requireAtLeast("turns", turns, 1);
    Numbers.requireAtLeast("tokens", tokens, 1);
    requirePositive("call", call);
    requirePositive("episode", episode);
    Numbers.requireAtLeast("resultCharacters", resultCharacters, 1);
  }

  private static void requirePositive(String name, Duration time) {
    Objects.requireNonNull(time, name);
    Numbers.require(!time.isNegative() && !time.isZero(), name, "above 0", time);
  }

  /**
   * Returns limits of turns and tokens, 10 seconds for a call, 10 minutes for an episode, and 4,000
   * characters for a result.
   *
   * @param turns most answers of the policy
   * @param tokens most tokens after the prompt
   * @return the limits
   */
  public static EpisodeLimits of(int turns, int tokens) {
    return new EpisodeLimits(turns, tokens, Duration.ofSeconds(10), Duration.ofMinutes(10), 4_000);
  }
}
