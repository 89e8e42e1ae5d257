package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Limits;
import io.adapt4j.vision.internal.image.PictureReader;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.tower.Towers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Pictures of a golden folder, and the comparison of what a processor makes of them. */
record PictureFiles(GoldenFolder golden) {

  private static final Limits LIMITS = new Limits(64 << 20, 1 << 28, 1 << 16, 100);
  private static final double PIXELS = 1e-6;
  private static final double LARGEST = 255;

  /** Skips the check of a model whose image tower is unsupported. */
  static void requireTower(Path model) {
    String family = ModelConfig.read(model).modelType();
    if (!Towers.modelTypes().contains(family)) {
      throw new UnsupportedQuantityException("image tower of " + family + " (model_type)");
    }
  }

  Pixels read(JsonNode file) throws IOException {
    return read(golden.path(), file);
  }

  static Pixels read(Path folder, JsonNode file) throws IOException {
    Path path = folder.resolve("images").resolve(file.asText());
    return PictureReader.read(Files.readAllBytes(path), LIMITS);
  }

  /**
   * Prepares pictures and compares their pixels with those of a case, of both backends.
   *
   * @param prefix of the case's tensors; empty in folders with one case
   * @param rows pictures of each row of the case
   */
  PixelBatch pixels(
      String prefix, JsonNode stated, PictureProcessor opened, List<Pixels> pictures, int... rows)
      throws IOException {
    PictureProcessor processor = opened;
    String backend = stated.path("backend").asText("");
    if (!backend.isEmpty()) {
      processor = opened.with(Map.of("backend", backend));
      golden
          .section()
          .equal(prefix + "backend", processor.backend().name(), opened.backend().name());
    }
    PixelBatch batch = processor.pixels(pictures);
    String name = prefix + "pixel_values";
    if (golden.has(name)) {
      String stored = stated.path("tensors").path("pixel_values").path("stored").asText("whole");
      float[] found = every(padded(prefix, batch, rows, batch.values()), stored);
      golden.compare(name, () -> Deviation.of(found, golden.floats(name), PIXELS));
    }
    digest(prefix, "", stated, batch, rows);
    JsonNode other = stated.path("other_backend");
    if (other.has("pixel_values_uint8_sha256")) {
      String named = other.path("backend").asText();
      PixelBatch others = processor.with(Map.of("backend", named)).pixels(pictures);
      digest(prefix, named + ".", other, others, rows);
    }
    whole(prefix + "image_grid_thw", Arrays.stream(batch.grids()).flatMapToInt(Arrays::stream));
    whole(
        prefix + "spatial_shapes",
        Arrays.stream(batch.grids()).flatMapToInt(grid -> Arrays.stream(grid, 1, grid.length)));
    return batch;
  }

  private void digest(
      String prefix, String backend, JsonNode stated, PixelBatch batch, int[] rows) {
    String digest = stated.path("pixel_values_uint8_sha256").asText("");
    if (!digest.isEmpty()) {
      float[] units = padded(prefix, batch, rows, units(batch));
      byte[] bytes = new byte[units.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (int) units[i];
      }
      golden.section().equal(prefix + backend + "pixel_values_uint8_sha256", digest, sha256(bytes));
    }
  }

  private void whole(String name, IntStream found) {
    if (golden.has(name)) {
      long[] expected = golden.longs(name);
      golden.compared(
          name, new Deviation(Arrays.equals(found.asLongStream().toArray(), expected) ? 0 : 1, 0));
    }
  }

  static float[] every(float[] values, String stored) {
    if (!stored.startsWith("every ")) {
      return values;
    }
    int step = Integer.parseInt(stored.substring("every ".length()));
    float[] some = new float[(values.length + step - 1) / step];
    for (int i = 0; i < some.length; i++) {
      some[i] = values[i * step];
    }
    return some;
  }

  /** Adds the tiles of zeros that batches have in rows with fewer tiles. */
  private float[] padded(String prefix, PixelBatch batch, int[] rows, float[] values) {
    String name = prefix + "pixel_values";
    List<Long> shape =
        golden.has(name + "_uint8")
            ? golden.tensors().entry(name + "_uint8").shape()
            : golden.has(name) ? golden.tensors().entry(name).shape() : List.of();
    if (rows.length == 1 || shape.size() != 5) {
      return values;
    }
    int tiles = Math.toIntExact(shape.get(1));
    int length = values.length / batch.shape().get(0);
    float[] all = new float[rows.length * tiles * length];
    int from = 0;
    int picture = 0;
    for (int row = 0; row < rows.length; row++) {
      int to = row * tiles;
      for (int i = 0; i < rows[row]; i++) {
        int count = batch.perPicture()[picture++];
        System.arraycopy(values, from * length, all, to * length, count * length);
        from += count;
        to += count;
      }
    }
    return all;
  }

  /** Returns the fields of the processor of pictures. */
  JsonNode processor() {
    return Files.exists(golden.path().resolve("preprocessor_config.json"))
        ? GoldenFolder.json(golden.path(), "preprocessor_config.json")
        : GoldenFolder.json(golden.path(), "processor_config.json").path("image_processor");
  }

  /** Returns the values before normalization, 0 on padding. */
  private float[] units(PixelBatch batch) {
    JsonNode file = processor();
    List<Integer> shape = batch.shape();
    boolean interleaved = shape.size() == 3;
    int row = shape.get(shape.size() - 1);
    int plane = shape.size() == 4 ? shape.get(2) * shape.get(3) : interleaved ? 1 : row / 3;
    float[] units = new float[batch.values().length];
    for (int i = 0; i < units.length; i++) {
      int channel = i / plane % 3;
      double mean = file.path("image_mean").path(channel).asDouble();
      double deviation = file.path("image_std").path(channel).asDouble();
      if (!interleaved || batch.mask()[i / row] == 1) {
        units[i] = Math.round((batch.values()[i] * deviation + mean) * LARGEST);
      }
    }
    return units;
  }

  /** Returns stored 8-bit values after normalization [pictures, channels, height, width]. */
  float[] normalized(String tensor, List<Integer> shape) {
    ByteBuffer stored = golden.tensors().bytes(tensor);
    float[] values = new float[stored.remaining()];
    JsonNode file = processor();
    int plane = shape.get(2) * shape.get(3);
    for (int i = 0; i < values.length; i++) {
      int channel = i / plane % shape.get(1);
      double mean = file.path("image_mean").path(channel).asDouble();
      double deviation = file.path("image_std").path(channel).asDouble();
      values[i] = (float) (((stored.get(i) & 0xff) / LARGEST - mean) / deviation);
    }
    return values;
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
