package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.LineChart.Point;
import java.util.ArrayList;
import java.util.List;

/**
 * A series of numbers over steps, of any length, in bounded memory: once there are too many points,
 * neighbors are merged, so that all points represent the same number of steps. NaN and infinite
 * values are left out.
 */
final class Curve {

  /** Maximum number of points; even, so that they merge in pairs. */
  static final int MOST_POINTS = 512;

  private final List<Bucket> buckets = new ArrayList<>();
  private int width = 1;
  private double last = Double.NaN;

  /**
   * Adds a value. A step that is not after the last one rewinds the series to it: a resumed run
   * repeats steps.
   */
  void add(int step, double value) {
    if (!Double.isFinite(value)) {
      return;
    }
    cutFrom(step);
    if (buckets.isEmpty() || newest().count >= width) {
      if (buckets.size() == MOST_POINTS) {
        join();
      }
      buckets.add(new Bucket(step));
    }
    newest().add(step, value);
    last = value;
  }

  private Bucket newest() {
    return buckets.get(buckets.size() - 1);
  }

  private void cutFrom(int step) {
    while (!buckets.isEmpty() && newest().lastStep >= step) {
      buckets.remove(buckets.size() - 1);
    }
  }

  private void join() {
    width *= 2;
    List<Bucket> joined = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i += 2) {
      Bucket left = buckets.get(i);
      if (i + 1 < buckets.size()) {
        left.add(buckets.get(i + 1));
      }
      joined.add(left);
    }
    buckets.clear();
    buckets.addAll(joined);
  }

  boolean isEmpty() {
    return buckets.isEmpty();
  }

  /** The last value; NaN if there is none. */
  double last() {
    return last;
  }

  List<Point> points() {
    return buckets.stream().map(Bucket::point).toList();
  }

  /**
   * Smooths the means: an exponential moving average over about 2.5 % of the points, at least five,
   * with bias correction (Kingma and Ba 2015, section 3).
   */
  List<Point> smoothed() {
    double keep = 1 - 2 / (1 + Math.max(5, buckets.size() / 40.0));
    List<Point> smooth = new ArrayList<>();
    double sum = 0;
    double weight = 0;
    for (Point point : points()) {
      sum = keep * sum + point.y();
      weight = keep * weight + 1;
      double mean = sum / weight;
      smooth.add(new Point(point.x(), mean, mean, mean));
    }
    return smooth;
  }

  private static final class Bucket {
    private final int firstStep;
    private int lastStep;
    private int count;
    private double sum;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    Bucket(int firstStep) {
      this.firstStep = firstStep;
    }

    void add(int step, double value) {
      lastStep = step;
      count++;
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }

    void add(Bucket next) {
      lastStep = next.lastStep;
      count += next.count;
      sum += next.sum;
      min = Math.min(min, next.min);
      max = Math.max(max, next.max);
    }

    Point point() {
      return new Point((firstStep + lastStep) / 2.0, sum / count, min, max);
    }
  }
}
