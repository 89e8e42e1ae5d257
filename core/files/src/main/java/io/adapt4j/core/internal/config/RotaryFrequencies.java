package io.adapt4j.core.internal.config;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Angles of rotary position embeddings, computed as in Transformers 4.57, which includes single
 * precision.
 *
 * <p>For a position p and an inverse frequency f the angle is p * f; pair i of a head, made of its
 * values i and i + rotaryDim / 2, is rotated by the angle of frequency i. Cosines and sines are
 * multiplied by {@link #attentionFactor(int)}.
 *
 * <p>Immutable and thread-safe.
 *
 * @see <a href="https://arxiv.org/abs/2104.09864">RoFormer (Su et al. 2021)</a>
 * @see RopeScaling
 */
public final class RotaryFrequencies {

  private final double theta;
  private final int rotaryDim;
  private final int maxPositionEmbeddings;
  private final RopeScaling scaling;
  private final float attentionFactor;
  private final float[] unstretched;
  private final Optional<Temperature> temperature;

  /**
   * Scale of the rotated vectors that grows with the position p: 1 + beta log(1 + floor(p /
   * length)).
   */
  public record Temperature(double beta, int length) {}

  private RotaryFrequencies(
      double theta,
      int rotaryDim,
      int maxPositionEmbeddings,
      RopeScaling scaling,
      Optional<Temperature> temperature) {
    this.temperature = temperature;
    this.theta = theta;
    this.rotaryDim = rotaryDim;
    this.maxPositionEmbeddings = maxPositionEmbeddings;
    this.scaling = scaling;
    this.attentionFactor = (float) attentionFactor(scaling);
    this.unstretched = withinContext();
  }

  public static RotaryFrequencies of(DecoderConfig config) {
    return of(
        config.ropeTheta(),
        config.rotaryDim(),
        config.maxPositionEmbeddings(),
        config.ropeScaling());
  }

  /** Creates frequencies from their parameters. */
  public static RotaryFrequencies of(
      double theta, int rotaryDim, int maxPositionEmbeddings, RopeScaling scaling) {
    Objects.requireNonNull(scaling, "scaling");
    require(theta > 0 && theta < Double.POSITIVE_INFINITY, "rope_theta", "above 0", theta);
    require(
        rotaryDim >= 2 && rotaryDim % 2 == 0, "rotary dimension", "even and above 0", rotaryDim);
    require(maxPositionEmbeddings > 0, "max_position_embeddings", "above 0", maxPositionEmbeddings);
    if (scaling instanceof RopeScaling.Yarn) {
      require(theta != 1, "rope_theta", "other than 1 for yarn", theta);
    }
    if (scaling instanceof RopeScaling.LongRope longRope) {
      int frequencies = rotaryDim / 2;
      int given = longRope.shortFactors().size();
      require(given == frequencies, "number of short_factor", String.valueOf(frequencies), given);
      given = longRope.longFactors().size();
      require(given == frequencies, "number of long_factor", String.valueOf(frequencies), given);
    }
    if (scaling instanceof RopeScaling.Dynamic) {
      require(rotaryDim > 2, "rotary dimension", "above 2 for dynamic scaling", rotaryDim);
    }
    return new RotaryFrequencies(
        theta, rotaryDim, maxPositionEmbeddings, scaling, Optional.empty());
  }

  /** Returns the same frequencies with a scale that grows with the position. */
  public RotaryFrequencies withTemperature(Temperature factor) {
    return new RotaryFrequencies(
        theta, rotaryDim, maxPositionEmbeddings, scaling, Optional.of(factor));
  }

  /** Returns the scale that grows with the position. */
  public Optional<Temperature> temperature() {
    return temperature;
  }

  /** Returns the number of rotated values in a head. */
  public int rotaryDim() {
    return rotaryDim;
  }

  /** Returns the factor of cosines and sines within the original context. */
  public float attentionFactor() {
    return attentionFactor;
  }

  /** Returns the factor of cosines and sines in a sequence. */
  public float attentionFactor(int sequenceLength) {
    return scaling instanceof RopeScaling.LongRope longRope
            && longRope.longAttentionFactor().isPresent()
            && sequenceLength > original(longRope)
        ? (float) longRope.longAttentionFactor().getAsDouble()
        : attentionFactor;
  }

  /** Returns whether the frequencies change with the length of the sequence. */
  public boolean dependsOnLength() {
    return scaling instanceof RopeScaling.Dynamic;
  }

  /**
   * Returns the inverse frequencies in radians per token. They depend on the length only with
   * dynamic scaling, and only beyond {@code max_position_embeddings}; they are then those that the
   * reference uses when it sees that length first, ignoring its memory of longer sequences.
   */
  public float[] inverseFrequencies(int sequenceLength) {
    if (sequenceLength < 0) {
      throw new IllegalArgumentException(
          "sequenceLength: expected at least 0, found " + sequenceLength);
    }
    if (scaling instanceof RopeScaling.Dynamic dynamic && sequenceLength > maxPositionEmbeddings) {
      return powers(stretchedBase(dynamic.factor(), sequenceLength));
    }
    if (scaling instanceof RopeScaling.LongRope longRope && sequenceLength > original(longRope)) {
      return divided(longRope.longFactors());
    }
    return unstretched.clone();
  }

  /**
   * Returns whether a growing sequence switches to another set of frequencies, so that keys
   * computed with the first must be recomputed. For longrope only: with dynamic scaling the
   * reference keeps the old keys.
   */
  public boolean switchesBetween(int from, int to) {
    return scaling instanceof RopeScaling.LongRope longRope
        && from <= original(longRope)
        && to > original(longRope);
  }

  /** Returns whether two lengths have different frequencies. */
  public boolean changesBetween(int from, int to) {
    return switchesBetween(from, to)
        || (dependsOnLength() && from < to && to > maxPositionEmbeddings);
  }

  /**
   * Computes cosines and sines for some positions, with the frequencies of a sequence that ends at
   * the highest of them.
   */
  public Tables tables(int[] positions) {
    int length = 0;
    for (int position : positions) {
      require(position >= 0, "position", "at least 0", position);
      length = Math.max(length, position + 1);
    }
    return tables(positions, length);
  }

  /** Computes cosines and sines for some positions of a sequence. */
  public Tables tables(int[] positions, int sequenceLength) {
    float[] frequencies = inverseFrequencies(sequenceLength);
    float factor = attentionFactor(sequenceLength);
    float[] cos = new float[Math.multiplyExact(positions.length, frequencies.length)];
    float[] sin = new float[cos.length];
    for (int row = 0, at = 0; row < positions.length; row++) {
      for (float frequency : frequencies) {
        double angle = positions[row] * frequency;
        cos[at] = (float) Math.cos(angle) * factor;
        sin[at] = (float) Math.sin(angle) * factor;
        at++;
      }
    }
    return new Tables(positions.length, frequencies.length, cos, sin);
  }

  /** Cosines and sines, row-major, one row for each position and one column for each frequency. */
  public static final class Tables {

    private final int rows;
    private final int columns;
    private final float[] cos;
    private final float[] sin;

    private Tables(int rows, int columns, float[] cos, float[] sin) {
      this.rows = rows;
      this.columns = columns;
      this.cos = cos;
      this.sin = sin;
    }

    /** Returns the number of positions. */
    public int rows() {
      return rows;
    }

    /** Returns the number of frequencies, which is half the rotated width of a head. */
    public int columns() {
      return columns;
    }

    /**
     * Returns the cosines times the attention factor: the values [rows, columns]; the array itself,
     * not a copy.
     */
    public float[] cos() {
      return cos;
    }

    /** Returns the sines times the attention factor. */
    public float[] sin() {
      return sin;
    }
  }

  /** {@return the inverse frequencies without scaling} */
  public float[] unscaled() {
    return powers((float) theta);
  }

  private float[] withinContext() {
    float[] plain = powers((float) theta);
    if (scaling instanceof RopeScaling.Linear linear) {
      return divided(plain, (float) linear.factor());
    }
    if (scaling instanceof RopeScaling.Llama3 llama3) {
      return blendedByWavelength(plain, llama3);
    }
    if (scaling instanceof RopeScaling.Yarn yarn) {
      return rampedByRotations(yarn);
    }
    if (scaling instanceof RopeScaling.Proportional proportional) {
      float[] used = divided(plain, (float) proportional.factor());
      Arrays.fill(used, (int) (proportional.share() * rotaryDim) / 2, used.length, 0);
      return used;
    }
    if (scaling instanceof RopeScaling.LongRope longRope) {
      return divided(longRope.shortFactors());
    }
    return plain;
  }

  /** Returns base^(-2i / rotaryDim) for each pair i. */
  private float[] powers(float base) {
    float[] inverse = new float[rotaryDim / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1f / frequencyPower(base, i);
    }
    return inverse;
  }

  private float frequencyPower(float base, int pair) {
    float exponent = (float) (2 * pair) / rotaryDim;
    return (float) Math.pow(base, exponent);
  }

  private static float[] divided(float[] inverse, float factor) {
    float[] divided = new float[inverse.length];
    for (int i = 0; i < inverse.length; i++) {
      divided[i] = inverse[i] / factor;
    }
    return divided;
  }

  /**
   * Computes the grown base in single precision, as the reference does, where the length is a
   * tensor.
   */
  private float stretchedBase(double factor, int sequenceLength) {
    float stretch = (float) factor * sequenceLength / maxPositionEmbeddings - (float) (factor - 1);
    double exponent = rotaryDim / (rotaryDim - 2.0);
    return (float) theta * (float) Math.pow(stretch, (float) exponent);
  }

  private static float[] blendedByWavelength(float[] plain, RopeScaling.Llama3 llama3) {
    float factor = (float) llama3.factor();
    float low = (float) llama3.lowFreqFactor();
    float range = (float) (llama3.highFreqFactor() - llama3.lowFreqFactor());
    int context = llama3.originalMaxPositionEmbeddings();
    float longest = (float) (context / llama3.lowFreqFactor());
    float shortest = (float) (context / llama3.highFreqFactor());
    float[] blended = plain.clone();
    for (int i = 0; i < plain.length; i++) {
      float wavelength = (float) (2 * Math.PI) / plain[i];
      if (wavelength > longest) {
        blended[i] = plain[i] / factor;
      } else if (wavelength >= shortest) {
        float kept = (context / wavelength - low) / range;
        blended[i] = (1 - kept) * plain[i] / factor + kept * plain[i];
      }
    }
    return blended;
  }

  private float[] rampedByRotations(RopeScaling.Yarn yarn) {
    int context = yarn.originalMaxPositionEmbeddings().orElse(maxPositionEmbeddings);
    double low = pairWithRotations(yarn.betaFast(), context);
    double high = pairWithRotations(yarn.betaSlow(), context);
    if (yarn.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rotaryDim - 1);
    if (low == high) {
      high += 0.001;
    }
    float factor = (float) yarnFactor(yarn);
    float[] ramped = new float[rotaryDim / 2];
    for (int i = 0; i < ramped.length; i++) {
      float power = frequencyPower((float) theta, i);
      float ramp = clampToUnit((i - (float) low) / (float) (high - low));
      float kept = 1 - ramp;
      ramped[i] = 1f / (factor * power) * (1 - kept) + 1f / power * kept;
    }
    return ramped;
  }

  /** Returns the (fractional) pair with this number of rotations over the context. */
  private double pairWithRotations(double rotations, int context) {
    return rotaryDim * Math.log(context / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static float clampToUnit(float value) {
    return Math.min(Math.max(value, 0f), 1f);
  }

  /**
   * Returns the stated factor; older files state only the two context lengths whose ratio it is.
   */
  private double yarnFactor(RopeScaling.Yarn yarn) {
    if (yarn.factor().isPresent()) {
      return yarn.factor().getAsDouble();
    }
    int original =
        yarn.originalMaxPositionEmbeddings()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "yarn: expected factor or original_max_position_embeddings, found"
                            + " neither"));
    return (double) maxPositionEmbeddings / original;
  }

  private double yarnAttentionFactor(RopeScaling.Yarn yarn) {
    double factor = yarnFactor(yarn);
    if (yarn.attentionFactor().isPresent()) {
      return yarn.attentionFactor().getAsDouble();
    }
    if (yarn.mscale().isPresent() && yarn.mscaleAllDim().isPresent()) {
      return magnitude(factor, yarn.mscale().getAsDouble())
          / magnitude(factor, yarn.mscaleAllDim().getAsDouble());
    }
    return magnitude(factor, 1);
  }

  private double attentionFactor(RopeScaling stretched) {
    if (stretched instanceof RopeScaling.Yarn yarn) {
      return yarnAttentionFactor(yarn);
    }
    return stretched instanceof RopeScaling.LongRope longRope ? longRopeFactor(longRope) : 1;
  }

  private int original(RopeScaling.LongRope longRope) {
    return longRope.originalMaxPositionEmbeddings().orElse(maxPositionEmbeddings);
  }

  private double longRopeFactor(RopeScaling.LongRope longRope) {
    double stretch =
        longRope.originalMaxPositionEmbeddings().isPresent()
            ? (double) maxPositionEmbeddings / original(longRope)
            : longRope.factor().orElse(1);
    double computed =
        stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original(longRope)));
    return longRope.attentionFactor().orElse(computed);
  }

  private float[] divided(List<Double> factors) {
    float[] divided = new float[rotaryDim / 2];
    for (int i = 0; i < divided.length; i++) {
      divided[i] = 1f / (factors.get(i).floatValue() * frequencyPower((float) theta, i));
    }
    return divided;
  }

  private static double magnitude(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private static void require(boolean holds, String name, String expected, Number found) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
    }
  }
}
