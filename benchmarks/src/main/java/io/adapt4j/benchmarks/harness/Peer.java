package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * Another program's figure for the same work, measured in the same run.
 *
 * @param name the program
 * @param version its version; null if it was not recorded
 * @param setting what distinguishes it from the measured program's setting, such as its type of
 *     weights; null if nothing does
 * @param value its figure, in the unit of the measurement; null if only the ratio was recorded
 * @param error half the width of the interval around the value; null if measured once
 * @param ratio how many times better the measurement is than the value
 * @param ratioError half the width of the interval around the ratio; null if unknown
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Peer(
    String name,
    String version,
    String setting,
    Double value,
    Double error,
    double ratio,
    Double ratioError) {

  /** Checks that the numbers are finite. */
  public Peer {
    if (!(ratio > 0) || !Double.isFinite(ratio)) {
      throw new IllegalArgumentException(name + ": expected a ratio above 0, found " + ratio);
    }
  }

  /** Returns a peer without figures. */
  public static Peer named(String name, String version, String setting) {
    return new Peer(name, version, setting, null, null, 1, null);
  }

  /** Sets the peer's figure and the measurement's ratio to it. */
  Peer measured(double found, Double margin, double times, Double timesMargin) {
    return new Peer(name, version, setting, found, margin, times, timesMargin);
  }

  /** Returns the lower end of the ratio's interval, to six decimals. */
  double lowest() {
    return Math.round((ratioError == null ? ratio : ratio - ratioError) * 1e6) / 1e6;
  }

  String title() {
    return setting == null ? name : name + ", " + setting;
  }
}
