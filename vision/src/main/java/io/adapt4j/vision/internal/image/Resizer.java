package io.adapt4j.vision.internal.image;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Resizing equal to the byte to Pillow's {@code Image.resize} and torchvision's antialiased {@code
 * resize}: first the rows, whose results are rounded to 8 bits, then the columns. A pass whose size
 * does not change is left out.
 *
 * @see <a
 *     href="https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c">Pillow</a>
 */
public final class Resizer {

  /** Part of a picture in pixels, between which edges may lie anywhere. */
  public record Box(double left, double top, double right, double bottom) {}

  private Resizer() {}

  /** Resizes a whole picture. */
  public static Pixels resize(
      Pixels in, int width, int height, Filter filter, Resampling resampling) {
    return resampling == Resampling.TORCHVISION_FLOAT
        ? real(in, width, height, filter)
        : fixed(in, whole(in), width, height, filter, resampling == Resampling.PILLOW);
  }

  /** Resizes a part of a picture as Pillow does. */
  public static Pixels resize(Pixels in, Box box, int width, int height, Filter filter) {
    return fixed(in, box, width, height, filter, true);
  }

  /** Resizes as Pillow does with {@code reducing_gap}: reduced by a whole factor first. */
  public static Pixels resize(Pixels in, int width, int height, Filter filter, double gap) {
    int across = Math.max(1, (int) (in.width() / (double) width / gap));
    int down = Math.max(1, (int) (in.height() / (double) height / gap));
    if ((across == 1 && down == 1) || filter == Filter.NEAREST) {
      return resize(in, width, height, filter, Resampling.PILLOW);
    }
    Pixels reduced = Reducer.reduce(in, across, down);
    Box box = new Box(0, 0, (double) in.width() / across, (double) in.height() / down);
    return resize(reduced, box, width, height, filter);
  }

  private static Box whole(Pixels in) {
    return new Box(0, 0, in.width(), in.height());
  }

  private static Pixels fixed(
      Pixels in, Box box, int width, int height, Filter filter, boolean pillow) {
    if (filter == Filter.NEAREST) {
      return nearest(in, box, width, height);
    }
    boolean across = width != in.width() || box.left != 0 || box.right != in.width();
    boolean down = height != in.height() || box.top != 0 || box.bottom != in.height();
    if (!across && !down) {
      return in;
    }
    Weights columns =
        across ? Weights.fixed(filter, in.width(), box.left, box.right, width, pillow) : null;
    Weights rows =
        down ? Weights.fixed(filter, in.height(), box.top, box.bottom, height, pillow) : null;
    int channels = in.channels();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    RowSource source = new RowSource(in, width, columns);
    if (rows == null) {
      int[] row = new int[width * channels];
      for (int y = 0; y < height; y++) {
        source.read(y, row);
        store(row, out, y);
      }
      return new Pixels(width, height, channels, out);
    }
    columnPass(source, rows, width * channels, out);
    return new Pixels(width, height, channels, out);
  }

  private static void store(int[] row, byte[] out, int y) {
    int at = y * row.length;
    for (int i = 0; i < row.length; i++) {
      out[at + i] = (byte) row[i];
    }
  }

  /** Keeps only the rows that an output row needs, as ints, so that the loops are vectorized. */
  private static void columnPass(RowSource source, Weights rows, int length, byte[] out) {
    int held = 0;
    for (int taps : rows.count()) {
      held = Math.max(held, taps);
    }
    held = Math.max(held, 1);
    int[][] ring = new int[held][length];
    int[] sums = new int[length];
    int next = 0;
    for (int y = 0; y < rows.first().length; y++) {
      int low = rows.first()[y];
      int high = low + rows.count()[y];
      for (next = Math.max(next, low); next < high; next++) {
        source.read(next, ring[next % held]);
      }
      Arrays.fill(sums, 1 << (rows.bits() - 1));
      for (int k = 0; k < high - low; k++) {
        add(sums, ring[(low + k) % held], rows.whole()[y * rows.taps() + k]);
      }
      storeClamped(sums, rows.bits(), out, y * length);
    }
  }

  private static void add(int[] sums, int[] row, int weight) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += weight * row[i];
    }
  }

  private static void storeClamped(int[] sums, int bits, byte[] out, int at) {
    for (int i = 0; i < sums.length; i++) {
      out[at + i] = (byte) Math.max(0, Math.min(255, sums[i] >> bits));
    }
  }

  /** Rows of the input after the pass along them, if there is one. */
  private record RowSource(Pixels in, int width, @Nullable Weights columns) {

    void read(int y, int[] row) {
      int channels = in.channels();
      int start = y * in.width() * channels;
      byte[] values = in.values();
      if (columns == null) {
        for (int i = 0; i < row.length; i++) {
          row[i] = values[start + i] & 0xff;
        }
      } else if (channels == 3) {
        colors(columns, values, start, row);
      } else {
        for (int c = 0; c < channels; c++) {
          plane(columns, values, start + c, channels, row, c);
        }
      }
    }

    private void colors(Weights columns, byte[] values, int start, int[] row) {
      int[] weights = columns.whole();
      int bits = columns.bits();
      for (int x = 0; x < width; x++) {
        int red = 1 << (bits - 1);
        int green = red;
        int blue = red;
        int in = start + 3 * columns.first()[x];
        int from = x * columns.taps();
        int to = from + columns.count()[x];
        for (int k = from; k < to; k++, in += 3) {
          int weight = weights[k];
          red += weight * (values[in] & 0xff);
          green += weight * (values[in + 1] & 0xff);
          blue += weight * (values[in + 2] & 0xff);
        }
        row[3 * x] = Math.max(0, Math.min(255, red >> bits));
        row[3 * x + 1] = Math.max(0, Math.min(255, green >> bits));
        row[3 * x + 2] = Math.max(0, Math.min(255, blue >> bits));
      }
    }

    private void plane(
        Weights columns, byte[] values, int start, int step, int[] row, int channel) {
      int bits = columns.bits();
      for (int x = 0; x < width; x++) {
        int sum = 1 << (bits - 1);
        int at = start + step * columns.first()[x];
        int from = x * columns.taps();
        for (int k = from; k < from + columns.count()[x]; k++, at += step) {
          sum += columns.whole()[k] * (values[at] & 0xff);
        }
        row[step * x + channel] = Math.max(0, Math.min(255, sum >> bits));
      }
    }
  }

  private static Pixels nearest(Pixels in, Box box, int width, int height) {
    int channels = in.channels();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    int[] columns = nearest(box.left, box.right, width);
    int[] rows = nearest(box.top, box.bottom, height);
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++, at += channels) {
        int from = (rows[y] * in.width() + columns[x]) * channels;
        System.arraycopy(in.values(), from, out, at, channels);
      }
    }
    return new Pixels(width, height, channels, out);
  }

  private static int[] nearest(double from, double to, int out) {
    double scale = (to - from) / out;
    int[] places = new int[out];
    // Pillow adds the step again and again.
    double at = from + scale * 0.5;
    for (int i = 0; i < out; i++, at += scale) {
      places[i] = (int) at;
    }
    return places;
  }

  private static Pixels real(Pixels in, int width, int height, Filter filter) {
    float[] values = new float[in.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.values()[i] & 0xff;
    }
    int channels = in.channels();
    int rows = in.height();
    if (width != in.width()) {
      Weights weights = Weights.real(filter, in.width(), width);
      float[] out = new float[rows * width * channels];
      for (int y = 0; y < rows; y++) {
        pass(
            values,
            y * in.width() * channels,
            channels,
            weights,
            out,
            y * width * channels,
            channels);
      }
      values = out;
    }
    if (height != rows) {
      Weights weights = Weights.real(filter, rows, height);
      float[] out = new float[height * width * channels];
      int line = width * channels;
      for (int i = 0; i < height; i++) {
        for (int k = 0; k < weights.count()[i]; k++) {
          float weight = weights.real()[i * weights.taps() + k];
          int from = (weights.first()[i] + k) * line;
          for (int x = 0; x < line; x++) {
            out[i * line + x] += weight * values[from + x];
          }
        }
      }
      values = out;
    }
    byte[] out = new byte[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) Math.max(0, Math.min(255, (int) Math.rint(values[i])));
    }
    return new Pixels(width, height, channels, out);
  }

  private static void pass(
      float[] in, int start, int step, Weights weights, float[] out, int outStart, int channels) {
    for (int i = 0; i < weights.count().length; i++) {
      for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int k = 0; k < weights.count()[i]; k++) {
          sum +=
              weights.real()[i * weights.taps() + k]
                  * in[start + (weights.first()[i] + k) * step + c];
        }
        out[outStart + i * step + c] = sum;
      }
    }
  }
}
