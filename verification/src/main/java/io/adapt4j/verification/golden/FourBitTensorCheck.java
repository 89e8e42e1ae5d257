package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.Precision;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.qlora.QuantizedCheckpoint;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Checks single tensors against bitsandbytes: codes and scales exactly, dequantized values and
 * products.
 *
 * <p>Each becomes a linear layer of a small checkpoint, which is quantized and read back through
 * the public API.
 */
record FourBitTensorCheck(String name, GoldenFolder golden, Quantization quantization) {

  static final Kind KIND =
      new Kind(
          "4-bit tensors",
          source -> source.file(GoldenSource.CASES).at("/cases/0").has("quant_type"),
          (source, section) -> {
            for (JsonNode node : source.file(GoldenSource.CASES).path("cases")) {
              String name = node.path("name").asText();
              section.attempt(name, () -> run(source.path(), node, section));
            }
          });

  private static final String WEIGHT = "model.layers.0.mlp.up_proj.weight";
  private static final double DEQUANTIZED = 1e-6;
  private static final double PRODUCT = 1e-4;

  private static void run(Path folder, JsonNode node, Report.Section section) throws IOException {
    String type = node.path("quant_type").asText();
    if (!type.equals("nf4") && !type.equals("fp4")) {
      throw new UnsupportedQuantityException("quant_type " + type);
    }
    Quantization quantization =
        (type.equals("nf4") ? Quantization.nf4() : Quantization.fp4())
            .blockSize(node.path("blocksize").asInt(Quantization.DEFAULT_BLOCK));
    String name = node.path("name").asText();
    try (GoldenFolder golden = GoldenFolder.open(folder, node, name + ".safetensors", section);
        TemporaryFolder temporary = TemporaryFolder.create()) {
      Path plain = temporary.path().resolve("plain");
      writePlain(plain, golden.tensors());
      new FourBitTensorCheck(name, golden, quantization.doubleQuant(false))
          .run("", plain, temporary.path().resolve("single"));
      if (golden.has("nested.packed")) {
        new FourBitTensorCheck(name, golden, quantization.doubleQuant(true))
            .run("nested.", plain, temporary.path().resolve("double"));
      }
    }
  }

  /** A model of one layer that has the tensor among its linear layers, the others zero. */
  private static void writePlain(Path folder, Checkpoint golden) throws IOException {
    TensorEntry input = golden.entry("input");
    long out = input.shape().get(0);
    long in = input.shape().get(1);
    Map<String, List<Long>> others =
        Map.ofEntries(
            Map.entry("model.embed_tokens.weight", List.of(2L, in)),
            Map.entry("model.norm.weight", List.of(in)),
            Map.entry("model.layers.0.input_layernorm.weight", List.of(in)),
            Map.entry("model.layers.0.post_attention_layernorm.weight", List.of(in)),
            Map.entry("model.layers.0.self_attn.q_proj.weight", List.of(2L, in)),
            Map.entry("model.layers.0.self_attn.k_proj.weight", List.of(2L, in)),
            Map.entry("model.layers.0.self_attn.v_proj.weight", List.of(2L, in)),
            Map.entry("model.layers.0.self_attn.o_proj.weight", List.of(in, 2L)),
            Map.entry("model.layers.0.mlp.gate_proj.weight", List.of(out, in)),
            Map.entry("model.layers.0.mlp.down_proj.weight", List.of(in, out)));
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(TensorData.of(WEIGHT, input.type(), input.shape(), () -> golden.bytes("input")));
    others.forEach(
        (tensor, shape) -> {
          long bytes = shape.stream().reduce(1L, (a, b) -> a * b) * input.type().bytes();
          tensors.add(
              TensorData.of(
                  tensor, input.type(), shape, () -> ByteBuffer.allocate(Math.toIntExact(bytes))));
        });
    Files.createDirectories(folder);
    SafetensorsWriter.create().writeModel(folder, tensors);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 2,
         "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": 1, "head_dim": 2,
         "num_attention_heads": 1, "num_key_value_heads": 1, "tie_word_embeddings": true}
        """
            .formatted(in, out));
  }

  private void run(String prefix, Path plain, Path folder) throws IOException {
    QuantizedCheckpoint.quantize(plain, folder, quantization);
    try (Checkpoint written = Checkpoint.open(folder)) {
      golden.attempt(label(prefix + "packed"), () -> packed(prefix, written));
      if (prefix.isEmpty()) {
        floats("absmax", written, "absmax", 0);
      } else {
        golden.attempt(
            label("nested.absmax"), () -> bytes("nested.absmax", bytes(written, "absmax")));
        floats("nested.code2", written, "nested_quant_map", 0);
        // The scales of scales follow a mean, which may differ in its last digit.
        floats("nested.absmax2", written, "nested_absmax", 1e-6);
      }
      floats("quant_map", written, "quant_map", 0);
    }
    Path recorded = folder.resolveSibling(folder.getFileName() + "-recorded");
    withRecordedCodes(prefix, folder, recorded);
    golden.attempt(label(prefix + "dequant"), () -> dequantized(prefix, recorded));
    golden.attempt(label(prefix + "y_f32"), () -> products(prefix, recorded));
  }

  private String label(String tensor) {
    return name + " " + tensor;
  }

  /** Checks codes; at a boundary, either the reference's CPU or its GPU rule is accepted. */
  private void packed(String prefix, Checkpoint written) {
    byte[] found = bytes(written.bytes(WEIGHT));
    String other = prefix + "packed_kernel_rule";
    String rule =
        golden.has(other) && Arrays.equals(found, bytes(golden.tensors().bytes(other)))
            ? other
            : prefix + "packed";
    if (!prefix.isEmpty() && golden.has("packed_kernel_rule")) {
      // Scales of scales do not change the codes.
      rule =
          Arrays.equals(found, bytes(golden.tensors().bytes("packed_kernel_rule")))
              ? "packed_kernel_rule"
              : rule;
    }
    bytes(rule, found);
  }

  private void bytes(String tensor, byte[] found) {
    byte[] wanted = bytes(golden.tensors().bytes(tensor));
    if (found.length != wanted.length) {
      throw new GoldenException("expected " + wanted.length + " bytes, found " + found.length);
    }
    int differences = 0;
    for (int i = 0; i < found.length; i++) {
      differences += found[i] == wanted[i] ? 0 : 1;
    }
    golden.compared(label(tensor), new Deviation(differences, 0));
  }

  private void floats(String tensor, Checkpoint written, String part, double relative) {
    golden.compare(
        label(tensor),
        () ->
            Deviation.of(
                GoldenFolder.floats(written, WEIGHT + "." + part),
                golden.floats(tensor),
                0,
                relative));
  }

  /** Writes our file with the recorded codes, which may have been rounded by the other rule. */
  private void withRecordedCodes(String prefix, Path folder, Path recorded) throws IOException {
    try (Checkpoint written = Checkpoint.open(folder)) {
      List<TensorData> tensors = new ArrayList<>();
      for (String tensor : written.names()) {
        TensorEntry entry = written.entry(tensor);
        boolean codes = tensor.equals(WEIGHT);
        tensors.add(
            TensorData.of(
                tensor,
                entry.type(),
                entry.shape(),
                () -> codes ? golden.tensors().bytes(prefix + "packed") : written.bytes(tensor)));
      }
      Files.createDirectories(recorded);
      SafetensorsWriter.create().writeModel(recorded, tensors);
      Files.copy(folder.resolve("config.json"), recorded.resolve("config.json"));
    }
  }

  private void dequantized(String prefix, Path recorded) {
    Path plain = recorded.resolveSibling(recorded.getFileName() + "-plain");
    QuantizedCheckpoint.dequantize(recorded, plain, Precision.FP32);
    boolean exact = golden.has(prefix + "dequant_by_quant_map");
    String tensor = prefix + (exact ? "dequant_by_quant_map" : "dequant_f32");
    float[] scales = golden.floats(prefix.isEmpty() ? "absmax" : "nested.absmax_restored");
    float[] wanted = golden.floats(tensor);
    try (Checkpoint written = Checkpoint.open(plain)) {
      float[] found = GoldenFolder.floats(written, WEIGHT);
      int block = quantization.blockSize();
      Deviation worst =
          Deviation.worst(
              wanted.length,
              i ->
                  Deviation.of(
                      found[i], wanted[i], DEQUANTIZED * Math.abs(scales[i / block]) + 1e-12));
      golden.compared(label(tensor), worst);
    }
  }

  /** Checks the products of the 4-bit layer with the recorded inputs. */
  private void products(String prefix, Path recorded) {
    boolean exact = !golden.has(prefix + "dequant_by_quant_map");
    float[] wanted = golden.floats(prefix + "y_f32");
    long in = golden.tensors().entry("input").shape().get(1);
    float[] x = golden.floats("x");
    try (Network network = Networks.load(recorded, DType.F32);
        Scope scope = Scope.open()) {
      LinearSlot slot =
          network.linears().stream()
              .filter(linear -> linear.linear().parts().stream().anyMatch(this::isTensor))
              .findFirst()
              .orElseThrow();
      Tensor y = slot.linear().forward(Ops.inference(), Tensor.of(x, 1, x.length / in, in));
      long start =
          slot.linear().parts().stream().filter(this::isTensor).findFirst().orElseThrow().start();
      float[] found =
          y.narrow(2, start, golden.tensors().entry("input").shape().get(0))
              .copyAs(DType.F32)
              .toFloats();
      // The reference's products of fp4 come from its table of four digits.
      golden.compared(
          label(prefix + "y_f32"), Deviation.of(found, wanted, exact ? PRODUCT : 2e-3, 1e-4));
    }
  }

  private boolean isTensor(Linear.Part part) {
    return WEIGHT.equals(part.path() + ".weight");
  }

  private static byte[] bytes(Checkpoint written, String part) {
    return bytes(written.bytes(WEIGHT + "." + part));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
