package io.adapt4j.vision.internal.image;

import java.util.Arrays;
import java.util.Optional;

/** Interpolation kernel, by the numbers of Pillow that processor files use. */
public enum Filter {
  /** Takes the nearest pixel. */
  NEAREST(0, 0) {
    @Override
    double at(double x) {
      throw new UnsupportedOperationException();
    }
  },
  /** Lanczos of three lobes. */
  LANCZOS(1, 3) {
    @Override
    double at(double x) {
      return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0;
    }
  },
  /** Triangle. */
  BILINEAR(2, 1) {
    @Override
    double at(double x) {
      double distance = Math.abs(x);
      return distance < 1 ? 1 - distance : 0;
    }
  },
  /** Cubic with a = -0.5. */
  BICUBIC(3, 2) {
    @Override
    double at(double x) {
      double a = -0.5;
      double d = Math.abs(x);
      if (d < 1) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
      }
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
  },
  /** Mean of the covered pixels. */
  BOX(4, 0.5) {
    @Override
    double at(double x) {
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    }
  },
  /** Hamming window. */
  HAMMING(5, 1) {
    @Override
    double at(double x) {
      double d = Math.abs(x);
      if (d == 0) {
        return 1;
      }
      double angle = d * Math.PI;
      return d >= 1 ? 0 : Math.sin(angle) / angle * (0.54 + 0.46 * Math.cos(angle));
    }
  };

  /** Distance at which the kernel ends, in pixels of the coarser grid. */
  final double support;

  private final int number;

  Filter(int number, double support) {
    this.number = number;
    this.support = support;
  }

  /** Returns the filter of a number that Pillow gave it, if there is one. */
  public static Optional<Filter> numbered(int number) {
    return Arrays.stream(values()).filter(filter -> filter.number == number).findFirst();
  }

  abstract double at(double x);

  private static double sinc(double x) {
    double angle = x * Math.PI;
    return x == 0 ? 1 : Math.sin(angle) / angle;
  }
}
