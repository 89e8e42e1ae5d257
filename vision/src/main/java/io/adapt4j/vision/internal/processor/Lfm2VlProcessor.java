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
 * LFM2-VL: small pictures in their own size, large ones as a grid of tiles in the nearest aspect
 * ratio and a thumbnail.
 */
final class Lfm2VlProcessor implements PictureProcessor {

  private static final double[] HALF = {0.5, 0.5, 0.5};

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final boolean splits;
  private final boolean thumbnail;
  private final boolean special;
  private final int downsample;
  private final int leastTiles;
  private final int mostTiles;
  private final int leastTokens;
  private final int mostTokens;
  private final int patch;
  private final int tile;
  private final int mostPatches;
  private final double tolerance;
  private final String image;
  private final String start;
  private final String end;
  private final String thumbnailMark;

  Lfm2VlProcessor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.BILINEAR);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, HALF, HALF);
    this.downsample = fields.positive("downsample_factor", 2);
    int least = fields.positive("min_tiles", 2);
    int most = fields.positive("max_tiles", 10);
    this.splits = fields.bool("do_image_splitting", true) && !(least == 1 && most == 1);
    this.leastTiles = least;
    this.mostTiles = most;
    this.thumbnail = fields.bool("use_thumbnail", true);
    this.leastTokens = fields.positive("min_image_tokens", 64);
    this.mostTokens = fields.positive("max_image_tokens", 256);
    this.patch = fields.positive("encoder_patch_size", 16);
    this.tile = fields.positive("tile_size", 512);
    this.tolerance = fields.positiveNumber("max_pixels_tolerance", 2);
    int perTile = fields.bool("do_image_splitting", true) ? tile / patch * (tile / patch) : 0;
    this.mostPatches = Math.max(mostTokens * downsample * downsample, perTile);
    this.special = fields.ofProcessor("use_image_special_tokens", true);
    fields.positive("max_num_patches", 1); // computed from the others
    fields.size("size", new int[2], "height", "width"); // not used by this family
    fields.bool("return_row_col_info", false);
    fields.requireTrue("do_resize", "do_pad");
    fields.requireFalse("do_center_crop");
    this.specialAdded = fields.addsSpecialTokens(false);
    fields.finish();
    if (leastTiles > mostTiles) {
      throw new IllegalArgumentException(
          "min_tiles: expected at most max_tiles " + mostTiles + ", found " + leastTiles);
    }
    Marks marks = Marks.read(fields.folder());
    this.image = marks.token("image_token", "<image>");
    this.start = marks.token("image_start_token", "<|image_start|>");
    this.end = marks.token("image_end_token", "<|image_end|>");
    this.thumbnailMark = marks.token("image_thumbnail_token", "<|img_thumbnail|>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new Lfm2VlProcessor(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    return Batches.patches(
        pictures.stream().map(Pixels::rgb).map(this::tiles).toList(),
        normalizer,
        patch,
        mostPatches);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    String text =
        Marks.expand(rendered, image, pictures.size(), index -> expansion(pictures.get(index)));
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private String expansion(Pixels picture) {
    int[] whole = wholeSize(picture);
    String ofWhole = image.repeat(tokens(whole[0]) * tokens(whole[1]));
    StringBuilder text = new StringBuilder(special ? start : "");
    int[] grid = grid(picture);
    if (grid[0] * grid[1] > 1) {
      String ofTile = image.repeat(tokens(tile) * tokens(tile));
      for (int row = 1; row <= grid[1]; row++) {
        for (int column = 1; column <= grid[0]; column++) {
          text.append(special ? "<|img_row_" + row + "_col_" + column + "|>" : "").append(ofTile);
        }
      }
      if (thumbnail) {
        text.append(special ? thumbnailMark : "").append(ofWhole);
      }
    } else {
      text.append(ofWhole);
    }
    return text.append(special ? end : "").toString();
  }

  private int tokens(int length) {
    return (length / patch + downsample - 1) / downsample;
  }

  private List<Pixels> tiles(Pixels picture) {
    int[] whole = wholeSize(picture);
    int[] grid = grid(picture);
    List<Pixels> tiles = new ArrayList<>();
    if (isLarge(picture) && splits) {
      Pixels resized = Resizer.resize(picture, tile * grid[0], tile * grid[1], filter, backend);
      for (int i = 0; i < grid[0] * grid[1]; i++) {
        tiles.add(resized.crop(i % grid[0] * tile, i / grid[0] * tile, tile, tile));
      }
      if (!thumbnail || grid[0] * grid[1] == 1) {
        return tiles;
      }
    }
    tiles.add(Resizer.resize(picture, whole[0], whole[1], filter, backend));
    return tiles;
  }

  private boolean isLarge(Pixels picture) {
    int factor = patch * downsample;
    double width = Math.max(patch, Math.rint(picture.width() / (double) factor) * factor);
    double height = Math.max(patch, Math.rint(picture.height() / (double) factor) * factor);
    return width * height > (double) mostTokens * factor * factor * tolerance;
  }

  /** Returns columns and rows of tiles. */
  private int[] grid(Pixels picture) {
    return isLarge(picture) && splits
        ? TileGrid.nearest(picture, leastTiles, mostTiles, (double) tile * tile)
        : new int[] {1, 1};
  }

  /** Returns width and height of the picture as one tile or thumbnail. */
  private int[] wholeSize(Pixels picture) {
    int factor = patch * downsample;
    double height = picture.height();
    double width = picture.width();
    double least = (double) leastTokens * factor * factor;
    double most = (double) mostTokens * factor * factor;
    double rows = Math.max(1, Math.rint(height / factor));
    double columns = Math.max(1, Math.rint(width / factor));
    double area = rows * columns * factor * factor;
    if (area > most) {
      double ratio = Math.sqrt(height * width / most);
      rows = Math.max(1, Math.floor(height / ratio / factor));
      columns = Math.max(1, Math.floor(width / ratio / factor));
    } else if (area < least) {
      double ratio = Math.sqrt(least / (height * width));
      rows = Math.ceil(height * ratio / factor);
      columns = Math.ceil(width * ratio / factor);
    }
    return new int[] {(int) (columns * factor), (int) (rows * factor)};
  }
}
