package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Arrays of numbers that tests draw and compare. */
public final class Floats {

  private Floats() {}

  /** Values between -1 and 1. */
  public static float[] uniform(RandomGenerator random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  /** Values of the normal distribution. */
  public static float[] normal(RandomGenerator random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** A direction of length 1 along which a loss changes, in all its parts of a gradient's signs. */
  public static double[] direction(float[] gradient, SplittableRandom random) {
    double[] direction = new double[gradient.length];
    double squares = 0;
    for (int i = 0; i < direction.length; i++) {
      direction[i] = (0.1 + random.nextDouble()) * (gradient[i] < 0 ? -1 : 1);
      squares += direction[i] * direction[i];
    }
    double norm = Math.sqrt(squares);
    for (int i = 0; i < direction.length; i++) {
      direction[i] /= norm;
    }
    return direction;
  }

  /** The largest absolute value. */
  public static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** The largest difference of any two values. */
  public static double worst(float[] found, float[] wanted) {
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      worst = Math.max(worst, Math.abs(found[i] - wanted[i]));
    }
    return worst;
  }

  /** Length of the difference relative to that of what is wanted. */
  public static double difference(float[] found, float[] wanted) {
    return difference(doubles(found), doubles(wanted));
  }

  /** Length of the difference relative to that of what is wanted. */
  public static double difference(double[] found, double[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    double difference = 0;
    double length = 0;
    for (int i = 0; i < found.length; i++) {
      difference += (found[i] - wanted[i]) * (found[i] - wanted[i]);
      length += wanted[i] * wanted[i];
    }
    return Math.sqrt(difference / length);
  }

  /** Product of two vectors. */
  public static double dot(float[] left, float[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }

  public static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
