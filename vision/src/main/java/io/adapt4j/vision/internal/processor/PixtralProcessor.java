package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Pixtral, Mistral 3 and LightOnOCR: pictures up to a longest edge, their sides rounded up to whole
 * merge blocks; a mark ends each row of blocks, but not in LightOnOCR. Grids count the tower's
 * patches.
 */
final class PixtralProcessor implements PictureProcessor {

  private final ProcessorFields fields;
  private final boolean marksRows;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final int longestEdge;
  private final int patch;
  private final int block;
  private final String image;
  private final String lineEnd;
  private final String end;

  private PixtralProcessor(ProcessorFields fields, boolean marksRows) {
    this.fields = fields;
    this.marksRows = marksRows;
    this.filter = fields.filter(Filter.BICUBIC);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, PlainProcessor.CLIP_MEAN, PlainProcessor.CLIP_STD);
    this.longestEdge = fields.size("size", new int[] {1024}, "longest_edge")[0];
    int[] ofImage = fields.size("patch_size", new int[] {16, 16}, "height", "width");
    this.patch = fields.ofProcessor("patch_size", marksRows ? ofImage[0] : 14);
    this.block = patch * fields.ofProcessor("spatial_merge_size", marksRows ? 1 : 2);
    this.image =
        fields.textOfProcessor(
            "image_token", Marks.read(fields.folder()).token("image_token", "[IMG]"));
    this.lineEnd = fields.textOfProcessor("image_break_token", "[IMG_BREAK]");
    this.end = fields.textOfProcessor("image_end_token", "[IMG_END]");
    fields.requireTrue("do_resize", "do_pad");
    fields.requireFalse("do_center_crop");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
  }

  static PictureProcessor pixtral(ProcessorFields fields) {
    return new PixtralProcessor(fields, true);
  }

  static PictureProcessor lightOn(ProcessorFields fields) {
    return new PixtralProcessor(fields, false);
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new PixtralProcessor(fields.with(options), marksRows);
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    int[][] sizes = pictures.stream().map(this::size).toArray(int[][]::new);
    int height = Arrays.stream(sizes).mapToInt(size -> size[0]).max().orElse(0);
    int width = Arrays.stream(sizes).mapToInt(size -> size[1]).max().orElse(0);
    int length = Math.multiplyExact(3, height * width);
    float[] values = new float[Math.multiplyExact(sizes.length, length)];
    int[][] grids = new int[sizes.length][];
    int[] perPicture = new int[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      int rows = sizes[i][0];
      int columns = sizes[i][1];
      Pixels resized = Resizer.resize(pictures.get(i).rgb(), columns, rows, filter, backend);
      float[] planes = new float[3 * rows * columns];
      normalizer.planes(resized, planes, 0);
      for (int row = 0; row < 3 * rows; row++) {
        int to = i * length + (row / rows * height + row % rows) * width;
        System.arraycopy(planes, row * columns, values, to, columns);
      }
      grids[i] = new int[] {1, rows / patch, columns / patch};
      perPicture[i] = 1;
    }
    return new PixelBatch(
        values, List.of(sizes.length, 3, height, width), grids, perPicture, new byte[0]);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    String text =
        Marks.expand(rendered, image, pictures.size(), index -> expansion(pictures.get(index)));
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private String expansion(Pixels picture) {
    int[] size = size(picture);
    String row = image.repeat(size[1] / block);
    if (!marksRows) {
      return row.repeat(size[0] / block);
    }
    return (row + lineEnd).repeat(size[0] / block - 1) + row + end;
  }

  /** Returns height and width. */
  private int[] size(Pixels picture) {
    double longer = Math.max(picture.width(), picture.height());
    double ratio = Math.max(1, longer / longestEdge);
    int height = (int) Math.floor(picture.height() / ratio);
    int width = (int) Math.floor(picture.width() / ratio);
    return new int[] {up(height), up(width)};
  }

  private int up(int length) {
    return (Math.max(0, length - 1) / block + 1) * block;
  }
}
