package io.adapt4j.examples.receipts;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Writer of a random vision language model of 0.4 million parameters, built like SmolVLM: a tower
 * of three layers over patches of 8 x 8 pixels, and three layers of text. Its sizes are those of
 * {@code examples/data/reader/config.json}.
 */
public final class RandomReader {

  private static final int WIDTH = 96;
  private static final int INNER = 256;
  private static final int LAYERS = 3;
  private static final int SIDE = 96;
  private static final int PATCH = 8;
  private static final int SHUFFLE = 2;
  private static final int VOCABULARY = 451;
  private static final double DEVIATION = 0.02;

  private RandomReader() {}

  /**
   * Writes the model.
   *
   * @param folder receives it
   * @param base folder with its configuration, tokenizer and chat template
   * @param seed of its weights
   */
  public static void write(Path folder, Path base, long seed) {
    try (Stream<Path> files = Files.list(base)) {
      Files.createDirectories(folder);
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
      weights(folder.resolve("model.safetensors"), new SplittableRandom(seed));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, int[]> shapes() {
    Map<String, int[]> shapes = new LinkedHashMap<>();
    String tower = "model.vision_model.";
    int patches = SIDE / PATCH;
    shapes.put(tower + "embeddings.patch_embedding.weight", new int[] {WIDTH, 3, PATCH, PATCH});
    shapes.put(tower + "embeddings.patch_embedding.bias", new int[] {WIDTH});
    shapes.put(
        tower + "embeddings.position_embedding.weight", new int[] {patches * patches, WIDTH});
    for (int i = 0; i < LAYERS; i++) {
      String at = tower + "encoder.layers." + i + ".";
      for (String part : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
        linear(shapes, at + "self_attn." + part, WIDTH, WIDTH);
      }
      linear(shapes, at + "mlp.fc1", INNER, WIDTH);
      linear(shapes, at + "mlp.fc2", WIDTH, INNER);
      norm(shapes, at + "layer_norm1");
      norm(shapes, at + "layer_norm2");
    }
    norm(shapes, tower + "post_layernorm");
    shapes.put(
        "model.connector.modality_projection.proj.weight",
        new int[] {WIDTH, WIDTH * SHUFFLE * SHUFFLE});
    String text = "model.text_model.";
    shapes.put(text + "embed_tokens.weight", new int[] {VOCABULARY, WIDTH});
    for (int i = 0; i < LAYERS; i++) {
      String at = text + "layers." + i + ".";
      for (String part : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        shapes.put(at + "self_attn." + part + ".weight", new int[] {WIDTH, WIDTH});
      }
      shapes.put(at + "mlp.gate_proj.weight", new int[] {INNER, WIDTH});
      shapes.put(at + "mlp.up_proj.weight", new int[] {INNER, WIDTH});
      shapes.put(at + "mlp.down_proj.weight", new int[] {WIDTH, INNER});
      shapes.put(at + "input_layernorm.weight", new int[] {WIDTH});
      shapes.put(at + "post_attention_layernorm.weight", new int[] {WIDTH});
    }
    shapes.put(text + "norm.weight", new int[] {WIDTH});
    shapes.put("lm_head.weight", new int[] {VOCABULARY, WIDTH});
    return shapes;
  }

  private static void linear(Map<String, int[]> shapes, String name, int outputs, int inputs) {
    shapes.put(name + ".weight", new int[] {outputs, inputs});
    shapes.put(name + ".bias", new int[] {outputs});
  }

  private static void norm(Map<String, int[]> shapes, String name) {
    shapes.put(name + ".weight", new int[] {WIDTH});
    shapes.put(name + ".bias", new int[] {WIDTH});
  }

  /** Writes normal weights; norms are ones, biases zeros. */
  private static void weights(Path file, SplittableRandom random) throws IOException {
    Map<String, int[]> shapes = shapes();
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    long end = 0;
    for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
      long begin = end;
      end += 4L * count(tensor.getValue());
      header.append(
          ",\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(tensor.getKey(), Arrays.toString(tensor.getValue()), begin, end));
    }
    header.append('}');
    while (header.length() % 8 != 0) {
      header.append(' ');
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      byte[] length = new byte[Long.BYTES];
      little(length).putLong(header.length());
      out.write(length);
      out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
      for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
        byte[] bytes = new byte[Float.BYTES * count(tensor.getValue())];
        ByteBuffer values = little(bytes);
        boolean flat = tensor.getValue().length == 1;
        float same = tensor.getKey().endsWith("bias") ? 0 : 1;
        while (values.hasRemaining()) {
          values.putFloat(flat ? same : (float) (DEVIATION * random.nextGaussian()));
        }
        out.write(bytes);
      }
    }
  }

  private static int count(int[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
