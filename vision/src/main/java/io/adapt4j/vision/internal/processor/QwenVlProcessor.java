package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.util.List;
import java.util.Map;

/**
 * Qwen2-VL, Qwen2.5-VL and Qwen3-VL: sides rounded to whole merge blocks between two numbers of
 * pixels, patches in the order of merge blocks, each picture as equal frames.
 */
final class QwenVlProcessor implements PictureProcessor {

  private static final int MOST_ASPECT = 200;

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final int patch;
  private final int frames;
  private final int merge;
  private final int least;
  private final int most;
  private final String image;

  QwenVlProcessor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.BICUBIC);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, PlainProcessor.CLIP_MEAN, PlainProcessor.CLIP_STD);
    this.patch = fields.positive("patch_size", 14);
    this.frames = fields.positive("temporal_patch_size", 2);
    this.merge = fields.positive("merge_size", 2);
    int[] size =
        fields.size("size", new int[] {56 * 56, 28 * 28 * 1280}, "shortest_edge", "longest_edge");
    this.least = fields.positive("min_pixels", size[0]);
    this.most = fields.positive("max_pixels", size[1]);
    fields.requireTrue("do_resize");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
    this.image = Marks.read(fields.folder()).token("image_token", "<|image_pad|>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new QwenVlProcessor(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    int[][] grids = pictures.stream().map(this::grid).toArray(int[][]::new);
    int[] perPicture = new int[grids.length];
    int rows = 0;
    for (int i = 0; i < grids.length; i++) {
      perPicture[i] = grids[i][1] * grids[i][2];
      rows = Math.addExact(rows, perPicture[i]);
    }
    int length = 3 * frames * patch * patch;
    float[] values = new float[Math.multiplyExact(rows, length)];
    int at = 0;
    for (int i = 0; i < grids.length; i++) {
      int width = grids[i][2] * patch;
      int height = grids[i][1] * patch;
      write(Resizer.resize(pictures.get(i).rgb(), width, height, filter, backend), values, at);
      at += perPicture[i] * length;
    }
    return new PixelBatch(values, List.of(rows, length), grids, perPicture, new byte[0]);
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
              return image.repeat(grid[1] * grid[2] / (merge * merge));
            });
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private void write(Pixels picture, float[] values, int start) {
    int area = patch * patch;
    int block = patch * merge;
    int at = start;
    for (int top = 0; top < picture.height(); top += block) {
      for (int left = 0; left < picture.width(); left += block) {
        for (int p = 0; p < merge * merge; p++) {
          int x = left + p % merge * patch;
          int y = top + p / merge * patch;
          for (int channel = 0; channel < 3; channel++) {
            normalizer.patch(picture, x, y, patch, channel, values, at);
            for (int frame = 1; frame < frames; frame++) {
              System.arraycopy(values, at, values, at + frame * area, area);
            }
            at += frames * area;
          }
        }
      }
    }
  }

  /** Returns frames, rows and columns of patches. */
  private int[] grid(Pixels picture) {
    int factor = patch * merge;
    double height = picture.height();
    double width = picture.width();
    if (Math.max(width, height) / Math.min(width, height) > MOST_ASPECT) {
      throw Batches.tooLong(picture);
    }
    // Both halves go to the even number, as in Python.
    long rows = (long) Math.rint(height / factor);
    long columns = (long) Math.rint(width / factor);
    long area = rows * columns * factor * factor;
    if (area > most) {
      double ratio = Math.sqrt(height * width / most);
      rows = Math.max(1, (long) Math.floor(height / ratio / factor));
      columns = Math.max(1, (long) Math.floor(width / ratio / factor));
    } else if (area < least) {
      double ratio = Math.sqrt(least / (height * width));
      rows = (long) Math.ceil(height * ratio / factor);
      columns = (long) Math.ceil(width * ratio / factor);
    }
    return new int[] {1, (int) rows * merge, (int) columns * merge};
  }
}
