package io.adapt4j.vision.internal.tower;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.vision.internal.PixelBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;

/** A folder with a tiny model and the reference's numbers. */
record TowerCase(Path folder, SafetensorsFile expected) implements AutoCloseable {

  static TowerCase open(String model) {
    return open(Golden.folder("multimodal/models").resolve(model));
  }

  static TowerCase open(Path folder) {
    return new TowerCase(folder, SafetensorsFile.open(folder.resolve("expected.safetensors")));
  }

  static JsonNode json(Path folder, String name) throws IOException {
    return Json.parse(Files.readString(folder.resolve(name)));
  }

  boolean has(String name) {
    return expected.entries().containsKey(name);
  }

  List<Integer> shape(String name) {
    return expected.entries().get(name).shape().stream().map(Long::intValue).toList();
  }

  float[] floats(String name) {
    ByteBuffer bytes = bytes(name);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  long[] longs(String name) {
    ByteBuffer bytes = bytes(name);
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  byte[] bytesOf(String name) {
    ByteBuffer bytes = bytes(name);
    byte[] values = new byte[bytes.remaining()];
    bytes.get(values);
    return values;
  }

  private ByteBuffer bytes(String name) {
    int length = Math.toIntExact(expected.entries().get(name).length());
    return expected.bytes(name, 0, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether the pixels of a case are stored whole, and its features. */
  static boolean isWhole(JsonNode given) {
    JsonNode tensors = given.path("tensors");
    return tensors.has("image_features")
        && tensors.path("pixel_values_uint8").path("stored").asText().equals("whole");
  }

  /** Normalizes the stored pixels of a case; padding is 0. */
  PixelBatch pixels(String name) throws IOException {
    String bytes = of(name, "pixel_values_uint8");
    List<Integer> shape = shape(bytes);
    String maskName = of(name, "pixel_attention_mask");
    byte[] mask = has(maskName) ? bytesOf(maskName) : new byte[0];
    boolean patches = shape.size() < 4;
    JsonNode processor = processor();
    int channels = 3;
    int plane = patches ? 0 : shape.get(shape.size() - 1) * shape.get(shape.size() - 2);
    byte[] stored = bytesOf(bytes);
    float[] values = new float[stored.length];
    for (int i = 0; i < stored.length; i++) {
      int channel =
          patches
              ? channelOfPatchValue(i % shape.get(shape.size() - 1), shape, mask.length > 0)
              : i / plane % channels;
      float mean = (float) processor.path("image_mean").path(channel).asDouble();
      float std = (float) processor.path("image_std").path(channel).asDouble();
      boolean seen = mask.length == 0 || mask[maskIndex(i, shape, plane)] != 0;
      values[i] = seen ? ((stored[i] & 0xff) * (1f / 255) - mean) / std : 0;
    }
    return batch(name, shape, values, mask);
  }

  /** Pixels of a folder that {@code towers.py} wrote. */
  PixelBatch pixels() throws IOException {
    JsonNode layout = json(folder, "pixels.json");
    int[][] grids =
        StreamSupport.stream(layout.path("grids").spliterator(), false)
            .map(TowerCase::integers)
            .toArray(int[][]::new);
    return new PixelBatch(
        floats("pixel_values"),
        shape("pixel_values"),
        grids,
        integers(layout.path("tiles")),
        new byte[0]);
  }

  static int[] integers(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  /** Folders of one case have tensors without its name. */
  private static String of(String name, String tensor) {
    return name.isEmpty() ? tensor : name + "." + tensor;
  }

  private JsonNode processor() throws IOException {
    String file = "preprocessor_config.json";
    return Files.exists(folder.resolve(file))
        ? json(folder, file)
        : json(folder, "processor_config.json").path("image_processor");
  }

  private static int channelOfPatchValue(int at, List<Integer> shape, boolean channelsLast) {
    int width = shape.get(shape.size() - 1);
    return channelsLast ? at % 3 : at / (width / 3);
  }

  private static int maskIndex(int i, List<Integer> shape, int plane) {
    return plane == 0 ? i / shape.get(shape.size() - 1) : i / (3 * plane) * plane + i % plane;
  }

  private PixelBatch batch(String name, List<Integer> stored, float[] values, byte[] mask) {
    List<Integer> shape = stored;
    if (stored.size() == 5) {
      shape = new ArrayList<>(stored.subList(1, 5));
      shape.set(0, stored.get(0) * stored.get(1));
    }
    int[][] grids = {};
    int[] perPicture = new int[shape.get(0)];
    Arrays.fill(perPicture, 1);
    if (has(of(name, "image_grid_thw"))) {
      long[] sizes = longs(of(name, "image_grid_thw"));
      grids = new int[sizes.length / 3][];
      perPicture = new int[grids.length];
      for (int i = 0; i < grids.length; i++) {
        grids[i] = new int[] {(int) sizes[3 * i], (int) sizes[3 * i + 1], (int) sizes[3 * i + 2]};
        perPicture[i] = grids[i][0] * grids[i][1] * grids[i][2];
      }
    } else if (has(of(name, "spatial_shapes"))) {
      long[] sizes = longs(of(name, "spatial_shapes"));
      grids = new int[sizes.length / 2][];
      for (int i = 0; i < grids.length; i++) {
        grids[i] = new int[] {1, (int) sizes[2 * i], (int) sizes[2 * i + 1]};
      }
    }
    return new PixelBatch(values, shape, grids, perPicture, mask);
  }

  @Override
  public void close() {
    expected.close();
  }
}
