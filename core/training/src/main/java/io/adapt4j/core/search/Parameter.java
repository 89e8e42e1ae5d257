package io.adapt4j.core.search;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.SplittableRandom;

/** A hyperparameter with its search space. */
sealed interface Parameter {

  /** Significant digits of drawn numbers, limited to keep tables readable. */
  int DIGITS = 3;

  /** {@return the name of the setting in a trial} */
  String name();

  Object draw(SplittableRandom random);

  /** Log-uniform distribution, as for learning rates. */
  record LogUniform(String name, double low, double high) implements Parameter {

    /**
     * Checks the range. Throws {@link IllegalArgumentException} if the range is empty or not above
     * 0.
     */
    public LogUniform {
      if (!(low > 0 && high >= low && Double.isFinite(high))) {
        throw new IllegalArgumentException(
            name + ": expected 0 < low <= high, found " + low + " and " + high);
      }
    }

    @Override
    public Object draw(SplittableRandom random) {
      double share = random.nextDouble();
      double value = low * Math.pow(high / low, share);
      return Math.min(high, Math.max(low, rounded(value)));
    }
  }

  /** Uniform distribution of numbers. */
  record Uniform(String name, double low, double high) implements Parameter {

    /**
     * Checks the range. Throws {@link IllegalArgumentException} if the range is empty or not
     * finite.
     */
    public Uniform {
      if (!(high >= low && Double.isFinite(high - low))) {
        throw new IllegalArgumentException(
            name + ": expected low <= high, found " + low + " and " + high);
      }
    }

    @Override
    public Object draw(SplittableRandom random) {
      double value = low + (high - low) * random.nextDouble();
      return Math.min(high, Math.max(low, rounded(value)));
    }
  }

  /** Uniform distribution of integers. */
  record Whole(String name, long low, long high) implements Parameter {

    /** Checks the range. Throws {@link IllegalArgumentException} if the range is empty. */
    public Whole {
      if (high < low) {
        throw new IllegalArgumentException(
            name + ": expected low <= high, found " + low + " and " + high);
      }
    }

    @Override
    public Object draw(SplittableRandom random) {
      return random.nextLong(low, high + 1);
    }
  }

  /** Uniform choice among values. */
  record Choice(String name, List<Object> values) implements Parameter {

    /**
     * Checks and copies the values. Throws {@link IllegalArgumentException} if there is none, or
     * one is of another kind.
     */
    public Choice {
      if (values.isEmpty()) {
        throw new IllegalArgumentException(name + ": expected at least one value to choose from");
      }
      values = values.stream().map(value -> plain(name, value)).toList();
    }

    private static Object plain(String name, Object value) {
      if (value instanceof Integer whole) {
        return whole.longValue();
      }
      if (value instanceof Long || value instanceof Double || value instanceof String) {
        return value;
      }
      throw new IllegalArgumentException(
          name + ": expected numbers or texts to choose from, found " + value);
    }

    @Override
    public Object draw(SplittableRandom random) {
      return values.get(random.nextInt(values.size()));
    }
  }

  private static double rounded(double value) {
    return new BigDecimal(value).round(new MathContext(DIGITS)).doubleValue();
  }
}
