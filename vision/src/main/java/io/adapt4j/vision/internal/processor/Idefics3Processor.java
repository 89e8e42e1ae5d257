package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Idefics3 and SmolVLM: the longest edge to a size, both sides up to multiples of the tile, tiles
 * row by row, and the whole picture once more as one tile.
 */
final class Idefics3Processor implements PictureProcessor {

  private static final double[] HALF = {0.5, 0.5, 0.5};
  private static final int MOST_LONGEST_EDGE = 4096;

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final boolean splits;
  private final int longestEdge;
  private final int tile;
  private final int tokens;
  private final String image;
  private final String fake;
  private final String global;

  Idefics3Processor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.LANCZOS);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, HALF, HALF);
    this.splits = fields.bool("do_image_splitting", true);
    this.longestEdge = fields.size("size", new int[] {4 * 364}, "longest_edge")[0];
    this.tile = fields.size("max_image_size", new int[] {364}, "longest_edge")[0];
    this.tokens = fields.ofProcessor("image_seq_len", 169);
    fields.requireTrue("do_resize", "do_pad");
    fields.bool("return_row_col_info", false);
    fields.bool("do_video_sampling", false);
    fields.has("video_sampling");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
    if (longestEdge > MOST_LONGEST_EDGE) {
      throw new IllegalArgumentException(
          "size.longest_edge: expected at most " + MOST_LONGEST_EDGE + ", found " + longestEdge);
    }
    Marks marks = Marks.read(fields.folder());
    this.image = marks.token("image_token", "<image>");
    this.fake = marks.token("fake_image_token", "<fake_token_around_image>");
    this.global = marks.token("global_image_token", "<global-img>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new Idefics3Processor(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    return Batches.tiles(pictures.stream().map(Pixels::rgb).map(this::tiles).toList(), normalizer);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    String text =
        Marks.expand(rendered, image, pictures.size(), index -> expansion(pictures.get(index)));
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private String expansion(Pixels picture) {
    StringBuilder text = new StringBuilder();
    int[] size = splits ? tiledSize(picture) : new int[] {tile, tile};
    int columns = size[0] / tile;
    int rows = size[1] / tile;
    if (rows * columns > 1) {
      for (int row = 1; row <= rows; row++) {
        for (int column = 1; column <= columns; column++) {
          text.append(fake).append("<row_").append(row).append("_col_").append(column).append('>');
          text.append(image.repeat(tokens));
        }
        text.append('\n');
      }
      text.append('\n');
    }
    return text.append(fake).append(global).append(image.repeat(tokens)).append(fake).toString();
  }

  private List<Pixels> tiles(Pixels picture) {
    int[] first = firstSize(picture);
    Pixels resized = resize(picture, first[0], first[1]);
    if (!splits) {
      return List.of(resize(resized, tile, tile));
    }
    int[] size = tiledSize(picture);
    Pixels whole = resize(resized, size[0], size[1]);
    List<Pixels> tiles = new ArrayList<>();
    if (size[0] > tile || size[1] > tile) {
      for (int top = 0; top < size[1]; top += tile) {
        for (int left = 0; left < size[0]; left += tile) {
          tiles.add(whole.crop(left, top, tile, tile));
        }
      }
    }
    tiles.add(resize(whole, tile, tile));
    return tiles;
  }

  /** Returns width and height with the longest edge at its size. */
  private int[] firstSize(Pixels picture) {
    double aspect = picture.width() / (double) picture.height();
    boolean wide = picture.width() >= picture.height();
    int other = (int) (wide ? longestEdge / aspect : longestEdge * aspect);
    other = Math.max(1, other + other % 2);
    return wide ? new int[] {longestEdge, other} : new int[] {other, longestEdge};
  }

  /** Returns width and height as multiples of the tile. */
  private int[] tiledSize(Pixels picture) {
    int[] size = firstSize(picture);
    double aspect = size[0] / (double) size[1];
    boolean wide = size[0] >= size[1];
    int longest = up(wide ? size[0] : size[1]);
    int other = up((int) (wide ? longest / aspect : longest * aspect));
    return wide ? new int[] {longest, other} : new int[] {other, longest};
  }

  private int up(int length) {
    return (length + tile - 1) / tile * tile;
  }

  private Pixels resize(Pixels in, int width, int height) {
    // torchvision has no Lanczos and takes bicubic instead.
    boolean replaced = backend != Resampling.PILLOW && filter == Filter.LANCZOS;
    return Resizer.resize(in, width, height, replaced ? Filter.BICUBIC : filter, backend);
  }
}
