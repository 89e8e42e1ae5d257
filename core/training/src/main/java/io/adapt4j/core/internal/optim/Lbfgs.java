package io.adapt4j.core.internal.optim;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/**
 * Limited-memory BFGS (Nocedal 1980) with a backtracking line search, for smooth functions whose
 * value and gradient are known exactly, such as the loss of a linear layer over all rows.
 */
public final class Lbfgs {

  /** Fraction of the decrease predicted by the slope that a step must achieve. */
  private static final double SUFFICIENT_DECREASE = 1e-4;

  /** Relative decrease below which the search ends. */
  private static final double CONVERGED = 1e-5;

  private static final int HALVINGS = 20;

  private Lbfgs() {}

  /** A function to minimize. */
  @FunctionalInterface
  public interface Objective {

    /** Evaluates the function. */
    double at(double[] point, double[] gradient);
  }

  /** A step and the change of the gradient along it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Pair(double[] step, double[] change, double product) {}

  public static double[] minimize(
      Objective objective, double[] start, int iterations, int history) {
    double[] point = start.clone();
    double[] gradient = new double[point.length];
    double value = objective.at(point, gradient);
    Deque<Pair> pairs = new ArrayDeque<>();
    for (int i = 0; i < iterations; i++) {
      double[] direction = direction(gradient, pairs);
      double slope = dot(direction, gradient);
      if (!(slope < 0)) {
        return point;
      }
      double size = pairs.isEmpty() ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
      double[] next = new double[point.length];
      double[] nextGradient = new double[point.length];
      double nextValue = Double.NaN;
      boolean found = false;
      for (int halving = 0; halving < HALVINGS && !found; halving++) {
        for (int j = 0; j < next.length; j++) {
          next[j] = point[j] + size * direction[j];
        }
        nextValue = objective.at(next, nextGradient);
        found = nextValue <= value + SUFFICIENT_DECREASE * size * slope;
        size /= 2;
      }
      if (!found) {
        return point;
      }
      remember(pairs, history, difference(next, point), difference(nextGradient, gradient));
      boolean converged = value - nextValue <= CONVERGED * Math.max(1e-3, Math.abs(nextValue));
      point = next;
      gradient = nextGradient;
      value = nextValue;
      if (converged) {
        return point;
      }
    }
    return point;
  }

  /**
   * Adds a step to the history, unless the gradient does not grow along it: then it says nothing
   * about the curvature.
   */
  private static void remember(Deque<Pair> pairs, int history, double[] step, double[] change) {
    double product = dot(step, change);
    if (product > 1e-12 * dot(change, change)) {
      if (pairs.size() == history) {
        pairs.removeFirst();
      }
      pairs.addLast(new Pair(step, change, product));
    }
  }

  private static double[] direction(double[] gradient, Deque<Pair> pairs) {
    double[] direction = gradient.clone();
    double[] shares = new double[pairs.size()];
    Iterator<Pair> newestFirst = pairs.descendingIterator();
    for (int i = pairs.size() - 1; i >= 0; i--) {
      Pair pair = newestFirst.next();
      shares[i] = dot(pair.step(), direction) / pair.product();
      add(direction, -shares[i], pair.change());
    }
    if (!pairs.isEmpty()) {
      Pair newest = pairs.getLast();
      scale(direction, newest.product() / dot(newest.change(), newest.change()));
    }
    int i = 0;
    for (Pair pair : pairs) {
      double share = dot(pair.change(), direction) / pair.product();
      add(direction, shares[i++] - share, pair.step());
    }
    scale(direction, -1);
    return direction;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] to, double factor, double[] values) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * values[i];
    }
  }

  private static void scale(double[] values, double factor) {
    Arrays.setAll(values, i -> values[i] * factor);
  }

  private static double[] difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }
}
