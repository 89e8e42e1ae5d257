package io.adapt4j.speech.transcript;

import java.util.List;
import java.util.Objects;

/**
 * A part of a transcript with its time.
 *
 * @param start seconds from the start of the recording
 * @param end seconds from the start of the recording
 * @param text transcribed text
 * @param tokens the token ids, including those of timestamps
 * @param quality how sure the model was of the window of the recording with this segment
 */
public record Segment(
    double start, double end, String text, List<Integer> tokens, Quality quality) {

  /**
   * Measures of how sure a model was of a window of a recording.
   *
   * @param temperature the temperature at which its tokens were chosen; 0 for the most probable
   * @param averageLogProbability mean natural logarithm of the tokens' probabilities
   * @param compressionRatio length of the token ids over their compressed length; high where the
   *     text repeats itself
   * @param noSpeechProbability probability that nothing is said
   */
  public record Quality(
      double temperature,
      double averageLogProbability,
      double compressionRatio,
      double noSpeechProbability) {}

  /** Copies the tokens. */
  public Segment {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(quality, "quality");
    tokens = List.copyOf(tokens);
  }
}
