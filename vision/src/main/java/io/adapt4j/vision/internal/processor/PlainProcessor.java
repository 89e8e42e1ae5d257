package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Towers that take pictures of one size: SigLIP, CLIP, ViT and DINOv2. */
final class PlainProcessor implements PictureProcessor {

  private static final double[] HALF = {0.5, 0.5, 0.5};
  static final double[] CLIP_MEAN = {0.48145466, 0.4578275, 0.40821073};
  static final double[] CLIP_STD = {0.26862954, 0.26130258, 0.27577711};

  /** Pixels of a resized picture before the crop: more are only needed by very long ones. */
  private static final long MOST_PIXELS = 1L << 26;

  private final ProcessorFields fields;
  private final Function<ProcessorFields, PictureProcessor> family;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final int shortestEdge;
  private final int width;
  private final int height;
  private final int cropWidth;
  private final int cropHeight;

  /** Values of a family's class where its file says nothing. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Defaults(
      Filter filter, double[] mean, double[] std, int shortestEdge, int side, int crop) {}

  private PlainProcessor(
      ProcessorFields fields,
      Function<ProcessorFields, PictureProcessor> family,
      Defaults defaults) {
    this.fields = fields;
    this.family = family;
    this.filter = fields.filter(defaults.filter);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, defaults.mean, defaults.std);
    boolean byEdge = fields.sizeHas("size", "shortest_edge", defaults.shortestEdge > 0);
    int[] size =
        byEdge
            ? fields.size("size", new int[] {defaults.shortestEdge}, "shortest_edge")
            : fields.size("size", new int[] {defaults.side, defaults.side}, "height", "width");
    this.shortestEdge = byEdge ? size[0] : 0;
    this.height = byEdge ? 0 : size[0];
    this.width = byEdge ? 0 : size[1];
    boolean crops = fields.bool("do_center_crop", defaults.crop > 0);
    int[] crop =
        fields.size("crop_size", new int[] {defaults.crop, defaults.crop}, "height", "width");
    this.cropHeight = crops ? crop[0] : 0;
    this.cropWidth = crops ? crop[1] : 0;
    fields.requireTrue("do_resize");
    fields.finish();
  }

  static PlainProcessor siglip(ProcessorFields fields) {
    return new PlainProcessor(
        fields, PlainProcessor::siglip, new Defaults(Filter.BICUBIC, HALF, HALF, 0, 224, 0));
  }

  static PlainProcessor clip(ProcessorFields fields) {
    return new PlainProcessor(
        fields,
        PlainProcessor::clip,
        new Defaults(Filter.BICUBIC, CLIP_MEAN, CLIP_STD, 224, 0, 224));
  }

  static PictureProcessor vit(ProcessorFields fields) {
    return new PlainProcessor(
        fields, PlainProcessor::vit, new Defaults(Filter.BILINEAR, HALF, HALF, 0, 224, 0));
  }

  static PictureProcessor bit(ProcessorFields fields) {
    return new PlainProcessor(
        fields,
        PlainProcessor::bit,
        new Defaults(Filter.BICUBIC, CLIP_MEAN, CLIP_STD, 224, 0, 224));
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return family.apply(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    List<List<Pixels>> tiles =
        pictures.stream().map(picture -> List.of(fitted(picture.rgb()))).toList();
    for (List<Pixels> tile : tiles) {
      Pixels first = tiles.get(0).get(0);
      if (tile.get(0).width() != first.width() || tile.get(0).height() != first.height()) {
        throw new IllegalArgumentException(
            "pictures of different shape become different sizes without do_center_crop. Give them"
                + " one by one.");
      }
    }
    return Batches.tiles(tiles, normalizer);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    throw new IllegalArgumentException(
        fields.modelType() + " has no prompts with pictures. Use a vision-language model.");
  }

  /** Returns width and height of what the tower gets; 0 where they depend on the picture. */
  int[] size() {
    return cropHeight > 0 ? new int[] {cropWidth, cropHeight} : new int[] {width, height};
  }

  private Pixels fitted(Pixels picture) {
    int toWidth = width;
    int toHeight = height;
    if (shortestEdge > 0) {
      int shorter = Math.min(picture.width(), picture.height());
      int longer = Math.max(picture.width(), picture.height());
      int other = (int) ((long) shortestEdge * longer / (double) shorter);
      toWidth = picture.width() <= picture.height() ? shortestEdge : other;
      toHeight = picture.width() <= picture.height() ? other : shortestEdge;
    }
    if ((long) toWidth * toHeight > MOST_PIXELS) {
      throw Batches.tooLong(picture);
    }
    Pixels resized = Resizer.resize(picture, toWidth, toHeight, filter, backend);
    return cropHeight == 0 ? resized : centered(resized);
  }

  /** Cuts out the middle, after black borders where the picture is smaller. */
  private Pixels centered(Pixels in) {
    int left = Math.floorDiv(in.width() - cropWidth, 2);
    int top = Math.floorDiv(in.height() - cropHeight, 2);
    if (left >= 0 && top >= 0) {
      return in.crop(left, top, cropWidth, cropHeight);
    }
    byte[] out = new byte[cropWidth * cropHeight * 3];
    for (int y = Math.max(0, -top); y < Math.min(cropHeight, in.height() - top); y++) {
      int from = Math.max(0, left);
      int to = Math.min(in.width(), left + cropWidth);
      System.arraycopy(
          in.values(),
          ((top + y) * in.width() + from) * 3,
          out,
          (y * cropWidth + from - left) * 3,
          (to - from) * 3);
    }
    return new Pixels(cropWidth, cropHeight, 3, out);
  }
}
