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
 * Qwen2-VL, Qwen2.5-VL, Qwen3-VL, and the families that follow them: sides rounded to whole merge
 * blocks between two numbers of pixels, each picture as equal frames.
 */
final class QwenVlProcessor implements PictureProcessor {

  private static final int MOST_ASPECT = 200;

  /**
   * Differences between families.
   *
   * @param counted whether each frame counts for the numbers of pixels
   * @param byBlocks whether patches are in the order of merge blocks instead of rows
   * @param enlarges how a side shorter than a merge block is brought to its length first
   */
  private record Kind(
      int frames,
      int least,
      int most,
      boolean counted,
      boolean byBlocks,
      Enlarging enlarges,
      String image) {}

  private enum Enlarging {
    NONE,
    ROUNDED,
    TRUNCATED
  }

  private static final Kind QWEN =
      new Kind(2, 56 * 56, 28 * 28 * 1280, false, true, Enlarging.NONE, "<|image_pad|>");
  private static final Kind GLM =
      new Kind(2, 112 * 112, 28 * 28 * 15000, true, true, Enlarging.TRUNCATED, "<|image|>");
  private static final Kind PADDLE =
      new Kind(1, 384 * 384, 1536 * 1536, false, false, Enlarging.ROUNDED, "<|IMAGE_PLACEHOLDER|>");

  private final ProcessorFields fields;
  private final Kind kind;
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

  private QwenVlProcessor(ProcessorFields fields, Kind kind) {
    this.fields = fields;
    this.kind = kind;
    this.filter = fields.filter(Filter.BICUBIC);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, PlainProcessor.CLIP_MEAN, PlainProcessor.CLIP_STD);
    this.patch = fields.positive("patch_size", 14);
    this.frames = fields.positive("temporal_patch_size", kind.frames);
    this.merge = fields.positive("merge_size", 2);
    int[] size =
        fields.size("size", new int[] {kind.least, kind.most}, "shortest_edge", "longest_edge");
    this.least = fields.positive("min_pixels", size[0]);
    this.most = fields.positive("max_pixels", size[1]);
    fields.requireTrue("do_resize");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
    this.image = Marks.read(fields.folder()).token("image_token", kind.image);
  }

  static PictureProcessor qwen(ProcessorFields fields) {
    return new QwenVlProcessor(fields, QWEN);
  }

  /** Processor of GLM-4V and GLM-OCR. */
  static PictureProcessor glm(ProcessorFields fields) {
    return new QwenVlProcessor(fields, GLM);
  }

  /** Processor of PaddleOCR-VL. */
  static PictureProcessor paddle(ProcessorFields fields) {
    return new QwenVlProcessor(fields, PADDLE);
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new QwenVlProcessor(fields.with(options), kind);
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
    int block = kind.byBlocks ? merge : 1;
    int side = patch * block;
    int at = start;
    for (int top = 0; top < picture.height(); top += side) {
      for (int left = 0; left < picture.width(); left += side) {
        for (int p = 0; p < block * block; p++) {
          int x = left + p % block * patch;
          int y = top + p / block * patch;
          at = writePatch(picture, x, y, values, at);
        }
      }
    }
  }

  /** Writes each channel once for each frame, and returns the place after the patch. */
  private int writePatch(Pixels picture, int x, int y, float[] values, int start) {
    int area = patch * patch;
    int at = start;
    for (int channel = 0; channel < 3; channel++) {
      normalizer.patch(picture, x, y, patch, channel, values, at);
      for (int frame = 1; frame < frames; frame++) {
        System.arraycopy(values, at, values, at + frame * area, area);
      }
      at += frames * area;
    }
    return at;
  }

  /** Returns frames, rows and columns of patches. */
  private int[] grid(Pixels picture) {
    int factor = patch * merge;
    double height = picture.height();
    double width = picture.width();
    if (Math.min(height, width) < factor && kind.enlarges == Enlarging.TRUNCATED) {
      double scale = Math.max(factor / height, factor / width);
      height = Math.floor(height * scale);
      width = Math.floor(width * scale);
    } else if (kind.enlarges == Enlarging.ROUNDED) {
      if (height < factor) {
        width = Math.rint(width * factor / height);
        height = factor;
      }
      if (width < factor) {
        height = Math.rint(height * factor / width);
        width = factor;
      }
    }
    if (Math.max(width, height) / Math.min(width, height) > MOST_ASPECT) {
      throw Batches.tooLong(picture);
    }
    double counted = kind.counted ? frames : 1;
    // Both halves go to the even number, as in Python.
    long rows = (long) Math.rint(height / factor);
    long columns = (long) Math.rint(width / factor);
    double area = counted * rows * columns * factor * factor;
    if (area > most) {
      double ratio = Math.sqrt(counted * height * width / most);
      rows = Math.max(1, (long) Math.floor(height / ratio / factor));
      columns = Math.max(1, (long) Math.floor(width / ratio / factor));
    } else if (area < least) {
      double ratio = Math.sqrt(least / (counted * height * width));
      rows = (long) Math.ceil(height * ratio / factor);
      columns = (long) Math.ceil(width * ratio / factor);
    }
    return new int[] {1, (int) rows * merge, (int) columns * merge};
  }
}
