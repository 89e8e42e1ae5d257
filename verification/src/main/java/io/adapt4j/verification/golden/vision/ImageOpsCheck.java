package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import io.adapt4j.vision.internal.image.Resizer;
import io.adapt4j.vision.internal.processor.Normalizer;
import io.adapt4j.vision.internal.tower.Idefics3Tower;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/** Checks decoding, resizing and normalization of pictures, to the byte. */
public final class ImageOpsCheck {

  /** Folders of such operations. */
  public static final Kind KIND =
      new Kind(
          "operations on pictures",
          source -> source.file(GoldenSource.CASES).path("cases").path(0).has("op"),
          (source, section) -> {
            JsonNode json = source.file(GoldenSource.CASES);
            try (GoldenFolder golden =
                GoldenFolder.open(source.path(), json, "expected.safetensors", section)) {
              new ImageOpsCheck(golden).run(source);
            }
          });

  private static final double NORMALIZED = 1e-6;
  private static final double SCALE = 1 / 255.0;

  /** Units by which decoders of JPEG may differ. */
  private static final int JPEG = 2;

  private final GoldenFolder golden;

  private ImageOpsCheck(GoldenFolder golden) {
    this.golden = golden;
  }

  private void run(GoldenSource source) {
    for (JsonNode stated : golden.json().path("cases")) {
      String key = stated.path("key").asText();
      golden.attempt(key, () -> operation(key, stated));
    }
    golden
        .section()
        .each(
            "normalise.", golden.json().path("normalise"), (name, values) -> normal(name, values));
    golden
        .section()
        .each(
            "positions of side ",
            source.file("vision_positions.json").path("sides"),
            (side, rows) -> positions(side, rows));
  }

  private void operation(String key, JsonNode stated) throws IOException {
    Pixels read = PictureFiles.read(golden.path(), stated.path("image"));
    Pixels found =
        switch (stated.path("op").asText()) {
          case "load_image" -> read.rgb();
          case "convert_rgb" -> unturned(read, stated.path("exif_orientation").asInt(1)).rgb();
          case "over_white" -> read.overWhite();
          case "resize" -> resized(read.channels() % 2 == 0 ? read.rgb() : read, stated);
          default ->
              throw new UnsupportedQuantityException("operation " + stated.path("op").asText());
        };
    golden
        .section()
        .equal(
            key + " size",
            stated.path("width").asInt() + " x " + stated.path("height").asInt(),
            found.width() + " x " + found.height());
    if (golden.has(key)) {
      int tolerance = stated.path("jpeg").asBoolean() ? JPEG : 0;
      golden.compared(key, new Deviation(furthest(found.values(), key), tolerance));
    } else {
      golden
          .section()
          .equal(key, stated.path("sha256").asText(), PictureFiles.sha256(found.values()));
    }
  }

  /** Undoes the rotation of a picture by its EXIF orientation. */
  private static Pixels unturned(Pixels read, int orientation) {
    return read.oriented(orientation == 6 ? 8 : orientation == 8 ? 6 : orientation);
  }

  private int furthest(byte[] found, String key) {
    ByteBuffer expected = golden.tensors().bytes(key);
    if (found.length != expected.remaining()) {
      return 256;
    }
    int far = 0;
    for (int i = 0; i < found.length; i++) {
      far = Math.max(far, Math.abs((found[i] & 0xff) - (expected.get(i) & 0xff)));
    }
    return far;
  }

  private static Pixels resized(Pixels in, JsonNode stated) {
    int width = stated.path("width").asInt();
    int height = stated.path("height").asInt();
    String name = stated.path("filter").asText().toUpperCase(Locale.ROOT);
    if (Stream.of(Filter.values()).noneMatch(filter -> filter.name().equals(name))) {
      throw new UnsupportedQuantityException("filter " + stated.path("filter").asText());
    }
    Filter filter = Filter.valueOf(name);
    if (stated.has("box")) {
      double[] box = new double[4];
      Arrays.setAll(box, i -> stated.path("box").path(i).asDouble());
      return Resizer.resize(
          in, new Resizer.Box(box[0], box[1], box[2], box[3]), width, height, filter);
    }
    if (stated.has("reducing_gap")) {
      return Resizer.resize(in, width, height, filter, stated.path("reducing_gap").asDouble());
    }
    Resampling resampling =
        stated.path("library").asText().equals("pillow")
            ? Resampling.PILLOW
            : stated.path("path").asText().equals("uint8")
                ? Resampling.TORCHVISION
                : Resampling.TORCHVISION_FLOAT;
    return Resizer.resize(in, width, height, filter, resampling);
  }

  private void normal(String name, JsonNode values) {
    double[] mean = new double[3];
    double[] std = new double[3];
    Arrays.fill(mean, values.path("mean").asDouble());
    Arrays.fill(std, values.path("std").asDouble());
    for (boolean fused : new boolean[] {false, true}) {
      String tensor = "normalise." + name + (fused ? ".fused" : ".two_steps");
      golden.compared(tensor, Normalizer.of(fused, SCALE, mean, std).tables()[0], NORMALIZED);
    }
  }

  private void positions(String side, JsonNode rows) {
    int wrong = 0;
    for (JsonNode row : rows) {
      int[] wanted = new int[row.size()];
      Arrays.setAll(wanted, i -> row.path(i).asInt());
      int[] found = Idefics3Tower.buckets(wanted.length, Integer.parseInt(side));
      wrong += Arrays.equals(found, wanted) ? 0 : 1;
    }
    golden.compared("positions of side " + side, new Deviation(wrong, 0));
  }
}
