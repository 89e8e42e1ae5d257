package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import java.util.List;
import java.util.Map;

/** SigLIP 2 in its own sizes (NaFlex): as many patches as fit, in the picture's aspect ratio. */
final class Siglip2Processor implements PictureProcessor {

  private static final double[] HALF = {0.5, 0.5, 0.5};
  private static final double PRECISION = 1e-5;

  private final ProcessorFields fields;
  private final Filter filter;
  private final Resampling backend;
  private final Normalizer normalizer;
  private final int patch;
  private final int most;

  Siglip2Processor(ProcessorFields fields) {
    this.fields = fields;
    this.filter = fields.filter(Filter.BILINEAR);
    this.backend = fields.backend(filter);
    this.normalizer = fields.normalizer(backend, HALF, HALF);
    this.patch = fields.positive("patch_size", 16);
    this.most = fields.positive("max_num_patches", 256);
    fields.requireTrue("do_resize");
    fields.requireFalse("do_center_crop");
    fields.finish();
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new Siglip2Processor(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return backend;
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    return Batches.patches(
        pictures.stream().map(picture -> List.of(fitted(picture.rgb()))).toList(),
        normalizer,
        patch,
        most);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    throw new IllegalArgumentException(
        "siglip2 has no prompts with pictures. Use a vision-language model.");
  }

  private Pixels fitted(Pixels picture) {
    double low = PRECISION / 10;
    double high = 100;
    while (high - low >= PRECISION) {
      double scale = (low + high) / 2;
      long patches = side(picture.width(), scale) / patch * (side(picture.height(), scale) / patch);
      if (patches <= most) {
        low = scale;
      } else {
        high = scale;
      }
    }
    return Resizer.resize(
        picture,
        (int) side(picture.width(), low),
        (int) side(picture.height(), low),
        filter,
        backend);
  }

  private long side(int length, double scale) {
    return Math.max(patch, (long) Math.ceil(length * scale / patch) * patch);
  }
}
