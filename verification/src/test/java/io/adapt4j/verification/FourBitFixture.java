package io.adapt4j.verification;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.Precision;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.qlora.QuantizedCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A golden checkpoint in fp4, whose numbers come from its dequantized weights. */
final class FourBitFixture {

  private static final String WEIGHT = "model.layers.0.mlp.down_proj.weight";

  private FourBitFixture() {}

  /** Writes the checkpoint with expectations in the names of the exact table. */
  static void write(Path llama, Path folder) throws IOException {
    QuantizedCheckpoint.quantize(llama, folder, Quantization.fp4());
    Path plain = folder.resolveSibling("plain");
    QuantizedCheckpoint.dequantize(folder, plain, Precision.FP32);
    Files.writeString(folder.resolve("expected.json"), "{\"compute_dtype\": \"torch.float32\"}");
    try (Checkpoint golden = Checkpoint.openFile(llama.resolve("expected.safetensors"));
        Checkpoint weights = Checkpoint.open(plain);
        Decoder decoder = Architectures.declareDecoder(ModelConfig.read(plain))) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, weights);
      List<TensorData> tensors = new ArrayList<>();
      for (String name : List.of("input_ids", "attention_mask", "labels")) {
        tensors.add(
            TensorData.of(
                name, StoredType.I64, golden.entry(name).shape(), () -> golden.bytes(name)));
      }
      tensors.add(
          TensorData.of(
              "dequant_by_quant_map." + WEIGHT,
              StoredType.F32,
              weights.entry(WEIGHT).shape(),
              () -> weights.bytes(WEIGHT)));
      float[] logits = logits(decoder, golden);
      List<Long> shape = golden.entry("logits").shape();
      tensors.add(floats("logits_fp32_by_quant_map", logits, shape));
      tensors.add(floats("logits", logits, shape));
      tensors.add(floats("loss", new float[] {loss(decoder, golden)}, List.of(1L)));
      SafetensorsWriter.create().writeFile(folder.resolve("expected.safetensors"), tensors);
    }
  }

  private static float[] logits(Decoder decoder, Checkpoint golden) {
    int rows = Math.toIntExact(golden.entry("input_ids").shape().get(0));
    int length = Math.toIntExact(golden.entry("input_ids").shape().get(1));
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(longs(golden, "attention_mask"), rows, length)) {
      Tensor ids = Tensor.of(longs(golden, "input_ids"), rows, length);
      return decoder.logits(decoder.hidden(Ops.inference(), ids, positions, false)).toFloats();
    }
  }

  private static float loss(Decoder decoder, Checkpoint golden) {
    int rows = Math.toIntExact(golden.entry("input_ids").shape().get(0));
    int length = Math.toIntExact(golden.entry("input_ids").shape().get(1));
    long[] labels = longs(golden, "labels");
    Batch inputs =
        new Batch(
            longs(golden, "input_ids"), longs(golden, "attention_mask"), labels, rows, length);
    double sum = LanguageModelLoss.evaluate(decoder, inputs);
    return (float) (sum / TargetRows.of(labels, rows, length).count());
  }

  private static long[] longs(Checkpoint golden, String name) {
    long[] values = new long[Math.toIntExact(golden.entry(name).elements())];
    golden.bytes(name).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
    return values;
  }

  private static TensorData floats(String name, float[] values, List<Long> shape) {
    return TensorData.of(
        name,
        StoredType.F32,
        shape,
        () -> {
          ByteBuffer bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          return bytes;
        });
  }
}
