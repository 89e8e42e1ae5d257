package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.packed.BlockLinear;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder whose experts are in MXFP4: held in blocks, and multiplied as they are. */
class MxFolderTest {

  private static final String CONFIG =
      """
      {"model_type": "gpt_oss", "hidden_size": 64, "intermediate_size": 96,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
       "num_local_experts": 3, "num_experts_per_tok": 2, "sliding_window": 8, "vocab_size": 40,
       "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": false,
       "quantization_config": {"quant_method": "mxfp4"}}
      """;

  private static final int[] IDS = {5, 17, 3, 28, 11, 9, 30, 22, 8, 35};

  @TempDir private Path folder;

  @BeforeEach
  void writeModel() throws IOException {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    Files.writeString(folder.resolve(ModelConfig.FILE), CONFIG);
    Map<String, List<Long>> shapes =
        Architectures.declareDecoder(ModelConfig.read(folder)).tensors();
    Random random = new Random(5);
    List<TensorData> tensors = new ArrayList<>();
    shapes.forEach((name, shape) -> add(tensors, name, shape, random));
    SafetensorsWriter.create().writeModel(folder, ExpertStacks.join(tensors));
  }

  private static void add(List<TensorData> tensors, String name, List<Long> shape, Random random) {
    if (name.contains(".experts[") && name.endsWith(".weight")) {
      String path = name.substring(0, name.lastIndexOf('.'));
      long blocks = shape.get(0) / 32;
      // Every code, a zero below zero among them.
      byte[] numbers = new byte[Math.toIntExact(shape.get(1) * blocks * 16)];
      random.nextBytes(numbers);
      byte[] scales = new byte[Math.toIntExact(shape.get(1) * blocks)];
      for (int i = 0; i < scales.length; i++) {
        // Some of the smallest as well.
        scales[i] = (byte) (i % 9 == 4 ? i % 3 : 120 + random.nextInt(4));
      }
      tensors.add(bytes(path + ".blocks", List.of(shape.get(1), blocks, 16L), numbers));
      tensors.add(bytes(path + ".scales", List.of(shape.get(1), blocks), scales));
      return;
    }
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer values = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      values.putFloat((float) ((name.contains("norm") ? 1 : 0) + 0.2 * random.nextGaussian()));
    }
    tensors.add(TensorData.of(name, StoredType.F32, shape, values::flip));
  }

  private static TensorData bytes(String name, List<Long> shape, byte[] values) {
    return TensorData.of(name, StoredType.U8, shape, () -> ByteBuffer.wrap(values));
  }

  /** Files are written of what is restored, so zeros keep their signs. */
  @Test
  void restoredExpertsAreThoseOfThePlainCheckpointToTheBit() {
    try (Decoder stored = load(true);
        Decoder plain = load(false)) {
      List<LinearSlot> held = stored.layerLinears();
      List<LinearSlot> dense = plain.layerLinears();
      int compared = 0;
      for (int i = 0; i < held.size(); i++) {
        if (held.get(i).linear() instanceof QuantizedLinear layer) {
          Linear.Part part = layer.parts().get(0);
          try (Scope scope = Scope.open()) {
            float[] wanted = dense.get(i).linear().parameters().get(0).value().toFloats();
            assertThat(layer).isInstanceOf(BlockLinear.class);
            assertThat(layer.restored(part, DType.F32).toFloats()).isEqualTo(wanted);
            assertThat(layer.restored(part, DType.BF16).toFloats()).isEqualTo(wanted);
            assertThat(wanted).contains(-0.0f, 0.0f);
          }
          compared++;
        }
      }
      assertThat(compared).isEqualTo(2 * 3 * 2);
    }
  }

  @Test
  void fewAndManyTokensComputeAsThePlainCheckpointDoes() {
    try (Decoder stored = load(true);
        Decoder plain = load(false)) {
      for (int count : new int[] {1, 3, IDS.length}) {
        assertThat(byOperators(stored, count))
            .containsExactly(byOperators(plain, count), within(1e-4f));
      }
    }
  }

  @Test
  void stepsMultiplyWithTheBlocks() {
    try (Decoder stored = load(true);
        Decoder plain = load(false);
        KvCache cache = stored.newCache(1, IDS.length);
        CpuDecoderSteps steps =
            StepCompiler.compile(stored, 1, 1, CpuKernels.open().variant(), List.of())
                .orElseThrow()) {
      steps.place(0, cache, 0);
      for (int i = 0; i < IDS.length; i++) {
        steps.run(List.of(new Token(IDS[i], 0, i, 0, true)));
        cache.advance(1);
        float[] logits = new float[40];
        steps.logits(0, logits, 0);
        assertThat(logits).containsExactly(byOperators(plain, i + 1), within(1e-4f));
      }
    }
  }

  /** With experts as they are stored, or all in fp32. */
  private Decoder load(boolean asStored) {
    StoredModel model = StoredModel.read(folder, WeightFormat.asStored());
    Decoder decoder = Architectures.declareDecoder(model.config());
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      if (asStored) {
        model.weights().install(decoder, checkpoint);
      }
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  /** The logits after the last of some tokens. */
  private static float[] byOperators(Decoder decoder, int count) {
    long[] ids = Arrays.stream(IDS, 0, count).asLongStream().toArray();
    long[] mask = new long[count];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, count)) {
      Tensor hidden = decoder.hidden(Ops.inference(), Tensor.of(ids, 1, count), positions, false);
      return decoder.logits(hidden.narrow(1, count - 1L, 1)).toFloats();
    }
  }
}
