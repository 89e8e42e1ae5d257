package io.adapt4j.verification;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A golden embedder made of a golden encoder, whose hidden states are known. */
final class EmbedderFixture {

  private static final String HIDDEN = "hidden.2";

  private EmbedderFixture() {}

  /** Writes a folder that pools by the mean and normalizes, with what is expected of it. */
  static void write(Path bert, Path folder) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.write(folder.resolve(name), Files.readAllBytes(bert.resolve(name)));
    }
    Files.writeString(
        folder.resolve("modules.json"),
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """);
    Files.writeString(folder.resolve("expected.json"), "{\"kind\": \"embed\"}");
    try (Checkpoint golden = Checkpoint.openFile(bert.resolve("expected.safetensors"))) {
      List<Long> shape = golden.entry(HIDDEN).shape();
      int width = Math.toIntExact(shape.get(2));
      Files.writeString(
          folder.resolve("1_Pooling").resolve("config.json"),
          "{\"word_embedding_dimension\": " + width + ", \"pooling_mode_mean_tokens\": true}");
      float[] vectors = vectors(golden, width);
      double cosine = 0;
      for (int i = 0; i < width; i++) {
        cosine += (double) vectors[i] * vectors[width + i];
      }
      List<TensorData> tensors = new ArrayList<>();
      for (String name : List.of("input_ids", "attention_mask", "token_type_ids")) {
        tensors.add(
            TensorData.of(
                name, StoredType.I64, golden.entry(name).shape(), () -> golden.bytes(name)));
      }
      tensors.add(
          TensorData.of("token_embeddings", StoredType.F32, shape, () -> golden.bytes(HIDDEN)));
      tensors.add(floats("embeddings", vectors, 2, width));
      tensors.add(floats("similarity", new float[] {(float) cosine}, 1, 1));
      SafetensorsWriter.create().writeFile(folder.resolve("expected.safetensors"), tensors);
    }
  }

  /** Two rows of length 1, from the definition. */
  private static float[] vectors(Checkpoint golden, int width) {
    FloatBuffer hidden = golden.bytes(HIDDEN).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    ByteBuffer mask = golden.bytes("attention_mask").order(ByteOrder.LITTLE_ENDIAN);
    int length = hidden.remaining() / width / 2;
    float[] vectors = new float[2 * width];
    for (int row = 0; row < 2; row++) {
      double[] sum = new double[width];
      for (int t = row * length; t < (row + 1) * length; t++) {
        for (int i = 0; i < width && mask.getLong(t * Long.BYTES) == 1; i++) {
          sum[i] += hidden.get(t * width + i);
        }
      }
      double squares = 0;
      for (double value : sum) {
        squares += value * value;
      }
      for (int i = 0; i < width; i++) {
        vectors[row * width + i] = (float) (sum[i] / Math.sqrt(squares));
      }
    }
    return vectors;
  }

  private static TensorData floats(String name, float[] values, long rows, long columns) {
    return TensorData.of(
        name,
        StoredType.F32,
        List.of(rows, columns),
        () -> {
          ByteBuffer bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          return bytes;
        });
  }
}
