package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The weights of a GGUF file as a checkpoint in fp32. */
final class DequantizedModel {

  private DequantizedModel() {}

  static void write(Path file, Path model, Path folder) throws IOException {
    ModelConfig config = ModelConfig.read(model);
    GgufFamily family = Families.of(config);
    Files.createDirectories(folder);
    Files.copy(model.resolve(ModelConfig.FILE), folder.resolve(ModelConfig.FILE));
    try (GgufFile gguf = GgufFile.open(file)) {
      List<TensorData> tensors = new ArrayList<>();
      for (GgufTensor tensor : gguf.tensors().values()) {
        Optional<Place> place = family.toStored(tensor.name(), config);
        if (place.isPresent()) {
          List<Place> parts = place.get().stored(tensor.shape());
          long bytes = tensor.bytes() / parts.size();
          for (int i = 0; i < parts.size(); i++) {
            GgufTensor part =
                new GgufTensor(
                    tensor.name(),
                    place.get().isStack() ? tensor.shape().subList(0, 2) : tensor.shape(),
                    tensor.type(),
                    tensor.offset() + i * bytes,
                    bytes);
            tensors.add(tensor(gguf, part, parts.get(i)));
          }
        }
      }
      SafetensorsWriter.create().writeModel(folder, tensors);
    }
  }

  private static TensorData tensor(GgufFile file, GgufTensor tensor, Place place) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    file.read(tensor, 0, bytes);
    float[] values = new float[Math.toIntExact(tensor.elements())];
    Quantizer.of(tensor.type()).dequantize(bytes.flip(), values, 0, values.length);
    List<Long> shape = new ArrayList<>(tensor.shape());
    if (!place.layout().isTransposed()) {
      Collections.reverse(shape);
    }
    float[] stored = stored(values, shape, place.layout());
    return TensorData.of(
        place.name(),
        StoredType.F32,
        shape,
        () -> {
          ByteBuffer target = ByteBuffer.allocate(4 * stored.length).order(ByteOrder.LITTLE_ENDIAN);
          target.asFloatBuffer().put(stored);
          return target;
        });
  }

  private static float[] stored(float[] values, List<Long> shape, Layout layout) {
    float[] stored = values.clone();
    int columns = shape.size() == 1 ? 1 : Math.toIntExact(shape.get(1));
    int rows = values.length / columns;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int from =
            layout.isTransposed()
                ? column * rows + row
                : (int) layout.ggufRow(row, rows) * columns + column;
        stored[row * columns + column] = layout.values().toStored(values[from]);
      }
    }
    return stored;
  }
}
