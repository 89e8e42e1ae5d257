package io.adapt4j.core.internal.nn.family.decoder;

import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Llama against numbers computed by Transformers; tolerances as golden/README.md states them. */
class LlamaGoldenTest {

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_tied", "llama_sharded", "llama_bf16"})
  void logitsOfRightAndLeftPaddedBatchesEqualTransformers(String name) {
    Path folder = Golden.folder("models/" + name);
    try (SafetensorsFile expected =
            SafetensorsFile.open(numbers(name).resolve("expected.safetensors"));
        Decoder decoder = decoder(folder, DType.F32)) {
      assertThat(maxLogitError(decoder, expected, "")).isLessThan(1e-4);
      if (expected.entries().containsKey("logits_left")) {
        assertThat(maxLogitError(decoder, expected, "_left")).isLessThan(1e-4);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_bf16"})
  void bf16ComputeStaysWithinItsTolerance(String name) {
    Path folder = Golden.folder("models/" + name);
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        Decoder decoder = decoder(folder, DType.BF16)) {
      long[] ids = longs(expected, "input_ids");
      long[] mask = longs(expected, "attention_mask");
      float[] logits = logits(decoder, ids, mask);
      assertThat(maxError(logits, floats(expected, "logits_native"), mask)).isLessThan(0.15);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama,false",
    "llama,true",
    "llama_tied,false",
    "llama_tied,true",
    "llama_sharded,false"
  })
  void lossAndGradientsEqualTransformersWithAndWithoutRecomputation(String name, boolean recompute)
      throws Exception {
    Path folder = Golden.folder("models/" + name);
    JsonNode json = new ObjectMapper().readTree(numbers(name).resolve("expected.json").toFile());
    long before = Tensor.live();
    try (SafetensorsFile expected =
            SafetensorsFile.open(numbers(name).resolve("expected.safetensors"));
        Decoder decoder = decoder(folder, DType.F32)) {
      decoder.parameters().forEach(Parameter::train);
      long[] labels = longs(expected, "labels");
      Batch inputs =
          new Batch(longs(expected, "input_ids"), longs(expected, "attention_mask"), labels, 2, 24);
      int targets = TargetRows.of(labels, 2, 24).count();
      long held = Tensor.live();
      double sum = LanguageModelLoss.forwardBackward(decoder, inputs, 1.0 / targets, recompute, 0);
      assertThat(Tensor.live()).isEqualTo(held);
      assertThat(sum / targets).isCloseTo(json.get("loss").asDouble(), within(1e-4));
      Map<String, float[]> gradients = gradients(decoder);
      json.get("grad_norms")
          .properties()
          .forEach(
              norm ->
                  assertThat(norm(gradients.get(norm.getKey())))
                      .as(norm.getKey())
                      .isCloseTo(
                          norm.getValue().asDouble(),
                          within(1e-4 + 1e-3 * norm.getValue().asDouble())));
      for (String entry : expected.entries().keySet()) {
        if (entry.startsWith("grad.")) {
          float[] wanted = floats(expected, entry);
          float[] found = gradients.get(entry.substring("grad.".length()));
          for (int i = 0; i < wanted.length; i++) {
            assertThat(found[i])
                .as(entry + "[" + i + "]")
                .isCloseTo(wanted[i], within((float) (1e-4 + 1e-3 * Math.abs(wanted[i]))));
          }
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** The sharded model is the plain one in several files: the same numbers apply. */
  private static Path numbers(String name) {
    return Golden.folder("models/" + (name.equals("llama_sharded") ? "llama" : name));
  }

  private static double maxLogitError(Decoder decoder, SafetensorsFile expected, String suffix) {
    long[] mask = longs(expected, "attention_mask" + suffix);
    float[] logits = logits(decoder, longs(expected, "input_ids" + suffix), mask);
    return maxError(logits, floats(expected, "logits" + suffix), mask);
  }

  private static double maxError(float[] found, float[] wanted, long[] mask) {
    int width = wanted.length / mask.length;
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      if (mask[i / width] == 1) {
        worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
      }
    }
    return worst;
  }

  private static float[] logits(Decoder decoder, long[] ids, long[] mask) {
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(mask, 2, 24)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, Tensor.of(ids, 2, 24), positions, false);
      return decoder.logits(hidden).toFloats();
    }
  }

  private static Map<String, float[]> gradients(Decoder decoder) {
    Map<String, float[]> gradients = new HashMap<>();
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Trainable trainable : parameter.trained()) {
        gradients.put(trainable.name(), trainable.gradient().toFloats());
      }
    }
    return gradients;
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  private static float[] floats(SafetensorsFile file, String name) {
    TensorEntry entry = file.entry(name);
    if (entry.type() != io.adapt4j.core.internal.checkpoint.StoredType.F32) {
      try (Tensor raw = Tensor.empty(DType.BF16, List.of(entry.elements()).get(0))) {
        raw.data().put(file.bytes(name));
        return raw.toFloats();
      }
    }
    FloatBuffer buffer = file.bytes(name).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }
}
