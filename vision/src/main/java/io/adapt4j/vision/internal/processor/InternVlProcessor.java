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

/** InternVL: tiles in the nearest aspect ratio, then the whole picture as one tile. */
final class InternVlProcessor implements PictureProcessor {

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final boolean cuts;
  private final int leastTiles;
  private final int mostTiles;
  private final int height;
  private final int width;
  private final int tokens;
  private final String image;
  private final String start;
  private final String end;

  InternVlProcessor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.BICUBIC);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, PlainProcessor.CLIP_MEAN, PlainProcessor.CLIP_STD);
    // The file's crop_to_patches is overridden by the processor's own value, true.
    fields.bool("crop_to_patches", true);
    this.cuts = fields.option("crop_to_patches", true);
    this.leastTiles = fields.positive("min_patches", 1);
    this.mostTiles = fields.positive("max_patches", 12);
    int[] size = fields.size("size", new int[] {384, 384}, "height", "width");
    this.height = size[0];
    this.width = size[1];
    this.tokens = fields.ofProcessor("image_seq_length", 256);
    fields.requireTrue("do_resize");
    fields.requireFalse("do_center_crop");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
    Marks marks = Marks.read(fields.folder());
    this.image = marks.token("context_image_token", "<IMG_CONTEXT>");
    this.start = marks.token("start_image_token", "<img>");
    this.end = marks.token("end_image_token", "</img>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new InternVlProcessor(fields.with(options));
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
        Marks.expand(
            rendered,
            image,
            pictures.size(),
            index -> {
              int[] grid = grid(pictures.get(index));
              int tiles = grid[0] * grid[1];
              return start + image.repeat(tokens * (tiles == 1 ? 1 : tiles + 1)) + end;
            });
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private int[] grid(Pixels picture) {
    return cuts
        ? TileGrid.nearest(picture, leastTiles, mostTiles, (double) width * height)
        : new int[] {1, 1};
  }

  private List<Pixels> tiles(Pixels picture) {
    int[] grid = grid(picture);
    List<Pixels> tiles = new ArrayList<>();
    if (grid[0] * grid[1] > 1) {
      Pixels resized = Resizer.resize(picture, width * grid[0], height * grid[1], filter, backend);
      for (int i = 0; i < grid[0] * grid[1]; i++) {
        tiles.add(resized.crop(i % grid[0] * width, i / grid[0] * height, width, height));
      }
    }
    tiles.add(Resizer.resize(picture, width, height, filter, backend));
    return tiles;
  }
}
