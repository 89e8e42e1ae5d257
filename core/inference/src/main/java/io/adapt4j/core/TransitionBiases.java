package io.adapt4j.core;

import io.adapt4j.core.internal.encode.ViterbiCalibration;
import java.nio.file.Path;

/**
 * Biases of a token classifier's transitions between BIOES labels, added to the log-probability of
 * a path of labels at each step. They move its operating point without training: a higher {@code
 * backgroundToStart} finds more, a higher {@code backgroundStay} less, and a higher {@code
 * insideToContinue} makes spans longer. Model folders may bring them in {@code
 * viterbi_calibration.json}, as that of OpenAI's privacy filter does. Immutable.
 *
 * @param backgroundStay from O to O
 * @param backgroundToStart from O to B- or S-
 * @param insideToContinue from B- or I- to I-
 * @param insideToEnd from B- or I- to E-
 * @param endToBackground from E- or S- to O
 * @param endToStart from E- or S- to B- or S-
 */
public record TransitionBiases(
    double backgroundStay,
    double backgroundToStart,
    double insideToContinue,
    double insideToEnd,
    double endToBackground,
    double endToStart) {

  /** No biases: the most probable path of valid labels. */
  public static final TransitionBiases NONE = new TransitionBiases(0, 0, 0, 0, 0, 0);

  /** Creates biases. Throws {@link IllegalArgumentException} if one is not a finite number. */
  public TransitionBiases {
    double sum =
        backgroundStay
            + backgroundToStart
            + insideToContinue
            + insideToEnd
            + endToBackground
            + endToStart;
    if (!Double.isFinite(sum)) {
      throw new IllegalArgumentException("biases: expected finite numbers");
    }
  }

  /**
   * Reads an operating point of a file.
   *
   * @param file a file such as a model folder's {@code viterbi_calibration.json}
   * @param operatingPoint its name, such as {@code default}
   * @return the biases
   * @throws io.adapt4j.core.exception.CheckpointException if the file is missing or malformed, or
   *     has no such operating point
   */
  public static TransitionBiases read(Path file, String operatingPoint) {
    return ViterbiCalibration.read(file, operatingPoint);
  }
}
