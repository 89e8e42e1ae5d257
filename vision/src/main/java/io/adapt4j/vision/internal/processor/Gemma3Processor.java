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

/** Gemma 3: one size, and crops along the longer side where pan and scan is on. */
final class Gemma3Processor implements PictureProcessor {

  private static final double[] HALF = {0.5, 0.5, 0.5};

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final boolean specialAdded;
  private final int width;
  private final int height;
  private final int tokens;
  private final boolean pans;
  private final int leastCrop;
  private final int mostCrops;
  private final double leastRatio;
  private final String image;
  private final String begin;
  private final String end;

  Gemma3Processor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.BILINEAR);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, HALF, HALF);
    int[] size = fields.size("size", new int[] {224, 224}, "height", "width");
    this.height = size[0];
    this.width = size[1];
    int ofImage = fields.positive("image_seq_length", 256);
    this.tokens = fields.ofProcessor("image_seq_length", ofImage);
    this.pans = fields.bool("do_pan_and_scan", false);
    this.leastCrop = fields.positive("pan_and_scan_min_crop_size", 256);
    this.mostCrops = fields.positive("pan_and_scan_max_num_crops", 4);
    this.leastRatio = fields.positiveNumber("pan_and_scan_min_ratio_to_activate", 1.2);
    fields.requireTrue("do_resize");
    fields.requireFalse("do_center_crop");
    this.specialAdded = fields.addsSpecialTokens(true);
    fields.finish();
    Marks marks = Marks.read(fields.folder());
    this.image = marks.token("image_token", "<image_soft_token>");
    this.begin = marks.token("boi_token", "<start_of_image>");
    this.end = marks.token("eoi_token", "<end_of_image>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new Gemma3Processor(fields.with(options));
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
    String one = "\n\n" + begin + image.repeat(tokens) + end + "\n\n";
    String text =
        Marks.expand(
            rendered,
            begin,
            pictures.size(),
            index -> {
              int crops = crops(pictures.get(index)).size();
              return crops == 0
                  ? one
                  : "Here is the original image "
                      + one
                      + " and here are some crops to help you see better "
                      + (one + " ").repeat(crops - 1)
                      + one;
            });
    return Marks.encode(tokenizer, text, specialAdded, image);
  }

  private List<Pixels> tiles(Pixels picture) {
    List<Pixels> tiles = new ArrayList<>();
    tiles.add(Resizer.resize(picture, width, height, filter, backend));
    for (int[] crop : crops(picture)) {
      Pixels part = picture.crop(crop[0], crop[1], crop[2], crop[3]);
      tiles.add(Resizer.resize(part, width, height, filter, backend));
    }
    return tiles;
  }

  /** Returns left, top, width and height of each crop. */
  private List<int[]> crops(Pixels picture) {
    boolean wide = picture.width() >= picture.height();
    int longer = Math.max(picture.width(), picture.height());
    int shorter = Math.min(picture.width(), picture.height());
    double ratio = longer / (double) shorter;
    if (!pans || ratio < leastRatio) {
      return List.of();
    }
    int wanted = Math.min(longer / leastCrop, (int) Math.floor(ratio + 0.5));
    int count = Math.min(mostCrops, Math.max(2, wanted));
    int length = (longer + count - 1) / count;
    if (Math.min(length, shorter) < leastCrop) {
      return List.of();
    }
    List<int[]> crops = new ArrayList<>();
    for (int at = 0; at < count * length; at += length) {
      int taken = Math.min(length, longer - at);
      crops.add(wide ? new int[] {at, 0, taken, shorter} : new int[] {0, at, shorter, taken});
    }
    return crops;
  }
}
