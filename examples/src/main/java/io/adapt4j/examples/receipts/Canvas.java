package io.adapt4j.examples.receipts;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** A square sheet of paper, printed on in a built-in 5 x 7 font. */
final class Canvas {

  /** Length of a side in pixels. */
  static final int SIDE = 192;

  private static final int SCALE = 3;
  private static final int ADVANCE = 6 * SCALE;
  private static final int LINE = 10;

  /** Rows of each character from the top, five bits each. */
  private static final Map<Character, String> FONT =
      Map.ofEntries(
          Map.entry('0', "0E 11 13 15 19 11 0E"),
          Map.entry('1', "04 0C 04 04 04 04 0E"),
          Map.entry('2', "0E 11 01 02 04 08 1F"),
          Map.entry('3', "1F 02 04 02 01 11 0E"),
          Map.entry('4', "02 06 0A 12 1F 02 02"),
          Map.entry('5', "1F 10 1E 01 01 11 0E"),
          Map.entry('6', "06 08 10 1E 11 11 0E"),
          Map.entry('7', "1F 01 02 04 08 08 08"),
          Map.entry('8', "0E 11 11 0E 11 11 0E"),
          Map.entry('9', "0E 11 11 0F 01 02 0C"),
          Map.entry('.', "00 00 00 00 00 0C 0C"),
          Map.entry('-', "00 00 00 1F 00 00 00"),
          Map.entry('A', "0E 11 11 1F 11 11 11"),
          Map.entry('B', "1E 11 11 1E 11 11 1E"),
          Map.entry('C', "0E 11 10 10 10 11 0E"),
          Map.entry('D', "1C 12 11 11 11 12 1C"),
          Map.entry('E', "1F 10 10 1E 10 10 1F"),
          Map.entry('F', "1F 10 10 1E 10 10 10"),
          Map.entry('G', "0E 11 10 17 11 11 0F"),
          Map.entry('H', "11 11 11 1F 11 11 11"),
          Map.entry('I', "0E 04 04 04 04 04 0E"),
          Map.entry('K', "11 12 14 18 14 12 11"),
          Map.entry('L', "10 10 10 10 10 10 1F"),
          Map.entry('M', "11 1B 15 15 11 11 11"),
          Map.entry('N', "11 11 19 15 13 11 11"),
          Map.entry('O', "0E 11 11 11 11 11 0E"),
          Map.entry('P', "1E 11 11 1E 10 10 10"),
          Map.entry('R', "1E 11 11 1E 14 12 11"),
          Map.entry('S', "0F 10 10 0E 01 01 1E"),
          Map.entry('T', "1F 04 04 04 04 04 04"),
          Map.entry('U', "11 11 11 11 11 11 0E"),
          Map.entry('V', "11 11 11 11 11 0A 04"),
          Map.entry('W', "11 11 11 15 15 15 0A"),
          Map.entry('Y', "11 11 11 0A 04 04 04"));

  private final double[] light = new double[SIDE * SIDE];

  Canvas() {
    Arrays.fill(light, 1);
  }

  /** Prints a line, the first of which is 0, from a left margin in pixels on. */
  void print(int line, int margin, String text) {
    for (int i = 0; i < text.length(); i++) {
      char letter = text.charAt(i);
      if (letter != ' ') {
        String[] rows =
            Objects.requireNonNull(FONT.get(letter), "no glyph of " + letter).split(" ", -1);
        for (int row = 0; row < rows.length; row++) {
          int bits = Integer.parseInt(rows[row], 16);
          for (int column = 0; column < 5; column++) {
            if ((bits >> (4 - column) & 1) == 1) {
              dot(margin + i * ADVANCE + column * SCALE, (line * LINE + row + 1) * SCALE);
            }
          }
        }
      }
    }
  }

  private void dot(int left, int top) {
    for (int y = top; y < Math.min(SIDE, top + SCALE); y++) {
      for (int x = left; x < Math.min(SIDE, left + SCALE); x++) {
        light[y * SIDE + x] = 0.1;
      }
    }
  }

  /**
   * Photographs the sheet.
   *
   * @param degrees rotation around its middle
   * @param noise standard deviation of the noise of each pixel, where white is 1
   */
  BufferedImage photograph(double degrees, double noise, SplittableRandom random) {
    byte[] gray = new byte[SIDE * SIDE];
    double sine = Math.sin(Math.toRadians(degrees));
    double cosine = Math.cos(Math.toRadians(degrees));
    double middle = (SIDE - 1) / 2.0;
    for (int i = 0; i < gray.length; i++) {
      double x = i % SIDE - middle;
      double y = Math.floorDiv(i, SIDE) - middle;
      double value = at(middle + cosine * x - sine * y, middle + sine * x + cosine * y);
      double seen = value + noise * random.nextGaussian();
      gray[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, seen)));
    }
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setDataElements(0, 0, SIDE, SIDE, gray);
    return image;
  }

  /** Interpolates between four pixels; beyond the sheet it is gray. */
  private double at(double x, double y) {
    int left = (int) Math.floor(x);
    int top = (int) Math.floor(y);
    double right = x - left;
    double low = y - top;
    return (1 - low) * ((1 - right) * pixel(left, top) + right * pixel(left + 1, top))
        + low * ((1 - right) * pixel(left, top + 1) + right * pixel(left + 1, top + 1));
  }

  private double pixel(int x, int y) {
    return x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0.6 : light[y * SIDE + x];
  }
}
