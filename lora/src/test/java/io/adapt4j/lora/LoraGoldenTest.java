package io.adapt4j.lora;

import static io.adapt4j.lora.LoraCase.assertClose;
import static io.adapt4j.lora.LoraCase.assertLogits;
import static io.adapt4j.lora.LoraCase.golden;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRA on Llama against numbers computed by PEFT. */
class LoraGoldenTest {

  @ParameterizedTest
  @ValueSource(strings = {"llama_qv", "llama_rslora"})
  void logitsWithAndWithoutAdapterAndMergedEqualPeft(String name) {
    long before = Tensor.live();
    Path folder = golden("lora/" + name);
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        Decoder decoder = LoraCase.llama(DType.F32)) {
      var inputs = LoraCase.evaluation(expected);
      assertLogits(LoraCase.logits(decoder, inputs), expected, "logits_base");
      for (String adapter : new String[] {"initial", "random"}) {
        LoraAdapter stored = LoraAdapter.at(folder.resolve(adapter));
        assertThat(AdapterMechanics.of(stored).problems(decoder)).isEmpty();
        try (AttachedAdapter attached = AdapterMechanics.of(stored).attach(decoder)) {
          assertLogits(LoraCase.logits(decoder, inputs), expected, "logits_" + adapter);
          attached.enabled(false);
          assertLogits(LoraCase.logits(decoder, inputs), expected, "logits_base");
          attached.enabled(true);
          attached.merge();
          assertLogits(LoraCase.logits(decoder, inputs), expected, "logits_" + adapter);
        }
      }
      assertLogits(LoraCase.logits(decoder, inputs), expected, "logits_base");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "llama_qv,false",
    "llama_qv,true",
    "llama_rslora,false",
    "llama_rslora,true",
  })
  void lossAndGradientsEqualPeftWithAndWithoutRecomputation(String name, boolean recompute) {
    Path folder = golden("lora/" + name);
    long before = Tensor.live();
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        Decoder decoder = LoraCase.llama(DType.F32);
        Adaptation adaptation =
            Methods.of(Lora.continuing(folder.resolve("random")))
                .attach(decoder, Path.of("base"), 0)) {
      var inputs = LoraCase.evaluation(expected);
      long held = Tensor.live();
      double loss = LoraCase.forwardBackward(decoder, adaptation.trained(), inputs, recompute, 0);
      assertThat(Tensor.live()).isEqualTo(held);
      float wanted = LoraCase.floats(expected, "loss_random")[0];
      assertThat(loss).isCloseTo(wanted, within(1e-4));
      Map<String, float[]> gradients = LoraCase.gradients(adaptation.trained());
      int compared = 0;
      for (String entry : expected.entries().keySet()) {
        if (entry.startsWith("grad_random.")) {
          String peft = entry.substring("grad_random.".length()).replace(".default.", ".");
          assertClose(entry, gradients.get(peft), LoraCase.floats(expected, entry), 1e-4, 1e-3);
          compared++;
        }
      }
      assertThat(compared).isEqualTo(gradients.size());
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_qv", "llama_rslora"})
  void mergedCheckpointHoldsPeftsMergedWeights(String name, @TempDir Path output) {
    Path folder = golden("lora/" + name);
    LoraAdapter.at(folder.resolve("random")).writeMerged(golden("models/llama"), output);
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        SafetensorsFile merged = SafetensorsFile.open(output.resolve("model.safetensors"));
        Decoder decoder = LoraCase.load(output, DType.F32)) {
      for (String entry : expected.entries().keySet()) {
        if (entry.startsWith("merged_random.")) {
          String tensor = entry.substring("merged_random.".length());
          assertClose(
              entry, LoraCase.floats(merged, tensor), LoraCase.floats(expected, entry), 1e-6, 1e-6);
        }
      }
      assertLogits(
          LoraCase.logits(decoder, LoraCase.evaluation(expected)),
          expected,
          "logits_random_merged");
      assertThat(output.resolve("config.json")).exists();
      assertThat(output.resolve("generation_config.json")).exists();
    }
  }

  @ParameterizedTest
  @CsvSource({"llama_qv,initial", "llama_qv,random", "llama_rslora,random"})
  void savingWhatWasLoadedGivesTheSameFolder(String name, String adapter, @TempDir Path output)
      throws Exception {
    Path folder = golden("lora/" + name).resolve(adapter);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      try (Decoder decoder = LoraCase.llama(type);
          Adaptation adaptation =
              Methods.of(Lora.continuing(folder)).attach(decoder, Path.of("models/llama"), 0)) {
        adaptation.save(output);
      }
      try (SafetensorsFile wanted =
              SafetensorsFile.open(folder.resolve("adapter_model.safetensors"));
          SafetensorsFile found =
              SafetensorsFile.open(output.resolve("adapter_model.safetensors"))) {
        assertThat(found.metadata()).isEqualTo(wanted.metadata());
        assertThat(found.entries().keySet()).containsExactlyElementsOf(wanted.entries().keySet());
        for (String tensor : wanted.entries().keySet()) {
          assertThat(found.entry(tensor).shape()).isEqualTo(wanted.entry(tensor).shape());
          assertThat(found.entry(tensor).type()).isEqualTo(wanted.entry(tensor).type());
          assertThat(LoraCase.floats(found, tensor)).isEqualTo(LoraCase.floats(wanted, tensor));
        }
      }
      ObjectMapper json = new ObjectMapper();
      assertThat(json.readTree(output.resolve("adapter_config.json").toFile()))
          .isEqualTo(json.readTree(folder.resolve("adapter_config.json").toFile()));
    }
  }
}
