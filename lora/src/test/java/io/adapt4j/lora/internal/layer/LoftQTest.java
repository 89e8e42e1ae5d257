package io.adapt4j.lora.internal.layer;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.lora.LoraCase.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraCase;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters that LoftQ initialized, whose base is quantized whenever they are loaded. */
class LoftQTest {

  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHT = "model.layers.0.self_attn.q_proj.weight";
  private static final String OTHER = "model.layers.0.self_attn.k_proj.weight";

  @TempDir private Path folder;

  /** One block of 64: its largest value stays, others become the nearest of 16. */
  @Test
  void weightsBecomeTheNearestValuesOfFourBits() {
    float[] values = new float[64];
    values[0] = -2;
    values[1] = 0.1f;
    values[2] = 0.05f;
    values[3] = 1.3f;
    try (Scope scope = Scope.open()) {
      float[] found = new LoftQ(1).base(Tensor.of(values, 4, 16), 2, false).toFloats();
      assertThat(found[0]).isEqualTo(-2f);
      assertThat(found[1]).isCloseTo(2 * 0.0795803f, within(1e-6f));
      assertThat(found[2]).isZero();
      assertThat(found[3]).isCloseTo(2 * 0.72295684f, within(1e-6f));
      assertThat(found[4]).isZero();
    }
  }

  /** Blocks lie along the weight as it is stored. */
  @Test
  void transposedWeightsAreQuantizedAsTheyAreStored() {
    float[] values = new float[128 * 2];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    try (Scope scope = Scope.open()) {
      Tensor stored = Tensor.of(values, 128, 2);
      float[] wanted = new LoftQ(1).base(stored, 2, false).toFloats();
      float[] found = new LoftQ(1).base(stored.transposed(), 2, true).transposed().toFloats();
      assertThat(found).isEqualTo(wanted);
    }
  }

  @Test
  void moreIterationsFitTheSumBetter() {
    float[] values = new float[32 * 32];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    try (Scope scope = Scope.open()) {
      Tensor weight = Tensor.of(values, 32, 32);
      float[] once = new LoftQ(1).base(weight, 4, false).toFloats();
      float[] often = new LoftQ(5).base(weight, 4, false).toFloats();
      assertThat(often).isNotEqualTo(once);
    }
  }

  @Test
  void theBaseIsQuantizedUnderTheAdapterAndComesBack() throws IOException {
    Path adapter = adapter(4);
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] plain = LoraCase.weights(decoder).get(WEIGHT);
      float[] other = LoraCase.weights(decoder).get(OTHER);
      float[] logits = LoraCase.logits(decoder, LoraCase.batch());
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        assertThat(LoraCase.weights(decoder).get(WEIGHT)).isNotEqualTo(plain);
        assertThat(LoraCase.weights(decoder).get(OTHER)).isEqualTo(other);
        attached.enabled(false);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(logits);
        attached.enabled(true);
      }
      assertThat(LoraCase.weights(decoder).get(WEIGHT)).isEqualTo(plain);
      Path again = folder.resolve("again");
      try (Adaptation adaptation =
          Methods.of(Lora.continuing(adapter)).attach(decoder, Path.of("base"), 1)) {
        adaptation.save(again);
      }
      assertThat(config(again)).isEqualTo(config(adapter));
    }
  }

  @Test
  void otherBitsAreRefusedByName() throws IOException {
    Path adapter = adapter(2);
    refuses(CheckpointException.class, () -> LoraAdapter.at(adapter), "loftq_config", "loftq_bits");
  }

  private Path adapter(int bits) throws IOException {
    Path adapter = folder.resolve("adapter");
    Lora lora = Lora.rank(2).targets(Targets.names("q_proj"));
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
      adaptation.save(adapter);
    }
    ObjectNode config = config(adapter);
    config.put("init_lora_weights", "loftq");
    config.putObject("loftq_config").put("loftq_bits", bits).put("loftq_iter", 1);
    Files.writeString(adapter.resolve(CONFIG), Json.indented(config));
    return adapter;
  }
}
