package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * LLaVA-NeXT and LLaVA-OneVision: the whole picture, then the tiles of the one of several grids
 * that keeps most pixels and wastes fewest, with black borders. OneVision does not cut pictures of
 * a prompt with several. Grids are 1, height and width of the picture, from which the borders of
 * its features follow.
 */
final class LlavaNextProcessor implements PictureProcessor {

  private static final int ROUNDED_DIGITS = 7;
  private static final double MOST_RATIO = 1.1;

  private final ProcessorFields fields;
  private final boolean oneVision;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final double[] mean;
  private final int side;
  private final List<int[]> pinpoints;
  private final int rows;
  private final int base;
  private final int dropped;
  private final int mostTiles;
  private final String image;
  private final boolean specialAdded;

  private LlavaNextProcessor(ProcessorFields fields, boolean oneVision) {
    this.fields = fields;
    this.oneVision = oneVision;
    this.filter = fields.filter(Filter.BICUBIC);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, PlainProcessor.CLIP_MEAN, PlainProcessor.CLIP_STD);
    this.mean = fields.channels("image_mean", PlainProcessor.CLIP_MEAN, true);
    this.side = side(fields, oneVision ? 384 : 336);
    this.pinpoints = fields.pairs("image_grid_pinpoints", pinpoints(side, oneVision));
    this.image = fields.textOfProcessor("image_token", "<image>");
    for (int[] point : pinpoints) {
      if (point[0] % side != 0 || point[1] % side != 0) {
        throw new IllegalArgumentException(
            "%s: image_grid_pinpoints: expected multiples of %s, found %s."
                .formatted(fields.folder(), side, Arrays.toString(point)));
      }
    }
    fields.textOfProcessor("video_token", "");
    String strategy =
        fields.textOfProcessor("vision_feature_select_strategy", oneVision ? "full" : "default");
    this.dropped = strategy.equals("default") ? 1 : 0;
    if (oneVision) {
      this.base = fields.ofProcessor("num_image_tokens", 729);
      this.rows = (int) Math.sqrt(base);
      String ratio = fields.textOfProcessor("vision_aspect_ratio", "anyres_max_9");
      this.mostTiles = Integer.parseInt(ratio.replace("anyres_max_", ""));
    } else {
      this.rows = side / fields.ofProcessor("patch_size", 14);
      this.base = rows * rows + fields.wholeOfProcessor("num_additional_image_tokens", 0);
      this.mostTiles = 0;
    }
    fields.requireTrue("do_resize", "do_pad");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
  }

  static PictureProcessor next(ProcessorFields fields) {
    return new LlavaNextProcessor(fields, false);
  }

  static PictureProcessor oneVision(ProcessorFields fields) {
    return new LlavaNextProcessor(fields, true);
  }

  private static int side(ProcessorFields fields, int otherwise) {
    int[] size =
        fields.sizeHas("size", "shortest_edge", false)
            ? fields.size("size", new int[] {otherwise}, "shortest_edge")
            : fields.size("size", new int[] {otherwise, otherwise}, "height", "width");
    int[] crop = fields.size("crop_size", size, "height", "width");
    boolean crops = fields.bool("do_center_crop", false);
    IntStream sides = IntStream.concat(IntStream.of(size), IntStream.of(crops ? crop : size));
    if (sides.anyMatch(length -> length != size[0])) {
      throw new IllegalArgumentException(
          "%s: size and crop_size: expected the same square, found %s and %s. Other sizes are not supported."
              .formatted(fields.folder(), Arrays.toString(size), Arrays.toString(crop)));
    }
    return size[0];
  }

  private static List<int[]> pinpoints(int side, boolean oneVision) {
    List<int[]> all = new ArrayList<>();
    if (oneVision) {
      for (int i = 0; i < 36; i++) {
        all.add(new int[] {(i / 6 + 1) * side, (i % 6 + 1) * side});
      }
    } else {
      for (int[] grid : new int[][] {{1, 2}, {2, 1}, {2, 2}, {3, 1}, {1, 3}}) {
        all.add(new int[] {grid[0] * side, grid[1] * side});
      }
    }
    return all;
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new LlavaNextProcessor(fields.with(options), oneVision);
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    boolean cuts = !oneVision || pictures.size() == 1;
    PixelBatch batch =
        Batches.tiles(
            pictures.stream()
                .map(Pixels::rgb)
                .map(
                    picture ->
                        cuts ? tiles(picture) : List.of(resize(squared(picture), side, side)))
                .toList(),
            normalizer);
    int[][] sizes =
        pictures.stream()
            .map(picture -> new int[] {1, picture.height(), picture.width()})
            .toArray(int[][]::new);
    return new PixelBatch(batch.values(), batch.shape(), sizes, batch.perPicture(), batch.mask());
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    boolean cuts = !oneVision || pictures.size() == 1;
    String text =
        Marks.expand(
            rendered,
            image,
            pictures.size(),
            index -> image.repeat((cuts ? features(pictures.get(index)) : base + 1) - dropped));
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private List<Pixels> tiles(Pixels picture) {
    int[] best = best(picture);
    double across = best[1] / (double) picture.width();
    double down = best[0] / (double) picture.height();
    boolean full = across < down;
    int width = full ? best[1] : Math.min((int) Math.ceil(picture.width() * down), best[1]);
    int height = full ? Math.min((int) Math.ceil(picture.height() * across), best[0]) : best[0];
    Pixels padded =
        placed(
            resize(picture, width, height),
            best[1],
            best[0],
            (best[1] - width) / 2,
            (best[0] - height) / 2,
            new byte[3]);
    List<Pixels> tiles = new ArrayList<>();
    tiles.add(resize(picture, side, side));
    for (int top = 0; top < best[0]; top += side) {
      for (int left = 0; left < best[1]; left += side) {
        tiles.add(padded.crop(left, top, side, side));
      }
    }
    return tiles;
  }

  private Pixels squared(Pixels picture) {
    int length = Math.max(picture.width(), picture.height());
    byte[] color = new byte[3];
    for (int c = 0; c < 3; c++) {
      color[c] = (byte) (int) (mean[c] * 255);
    }
    return placed(
        picture,
        length,
        length,
        (length - picture.width()) / 2,
        (length - picture.height()) / 2,
        color);
  }

  private static Pixels placed(Pixels in, int width, int height, int left, int top, byte[] color) {
    byte[] out = new byte[Math.multiplyExact(3, width * height)];
    for (int i = 0; i < out.length; i++) {
      out[i] = color[i % 3];
    }
    for (int y = 0; y < in.height(); y++) {
      int row = in.width() * 3;
      System.arraycopy(in.values(), y * row, out, ((top + y) * width + left) * 3, row);
    }
    return new Pixels(width, height, 3, out);
  }

  /** Returns height and width of the grid that keeps most of the picture and wastes least. */
  private int[] best(Pixels picture) {
    int[] best = pinpoints.get(0);
    long kept = 0;
    long wasted = Long.MAX_VALUE;
    for (int[] point : pinpoints) {
      double scale =
          Math.min(point[1] / (double) picture.width(), point[0] / (double) picture.height());
      long across = (long) (picture.width() * scale);
      long scaled = across * (long) (picture.height() * scale);
      long effective = Math.min(scaled, (long) picture.width() * picture.height());
      long waste = (long) point[0] * point[1] - effective;
      if (effective > kept || (effective == kept && waste < wasted)) {
        best = point;
        kept = effective;
        wasted = waste;
      }
    }
    return best;
  }

  /** Returns the feature rows of a picture: those of the whole, of the tiles, and line ends. */
  private int features(Pixels picture) {
    int[] best = best(picture);
    int height = rows * (best[0] / side);
    int width = rows * (best[1] / side);
    if (picture.width() / (double) picture.height() > width / (double) height) {
      height -= (height - rounded(picture.height() * (width / (double) picture.width()))) / 2 * 2;
    } else {
      width -= (width - rounded(picture.width() * (height / (double) picture.height()))) / 2 * 2;
    }
    if (mostTiles > 0) {
      double ratio = Math.sqrt(height * width / (double) (mostTiles * rows * rows));
      if (ratio > MOST_RATIO) {
        height = (int) (height / ratio);
        width = (int) (width / ratio);
      }
    }
    return height * width + height + base;
  }

  private static int rounded(double value) {
    return new BigDecimal(value).setScale(ROUNDED_DIGITS, RoundingMode.HALF_EVEN).intValue();
  }

  private Pixels resize(Pixels in, int width, int height) {
    return Resizer.resize(in, width, height, filter, backend);
  }
}
