package io.adapt4j.lora;

import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.LoraCase.ids;
import static io.adapt4j.lora.LoraCase.outputs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Classifiers of PEFT, whose adapter alone has the output layer and the number of classes. */
class ClassOutputTest {

  private static final long[] IDS = ids(8, 12);

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "llama_linear, LlamaForSequenceClassification",
    "qwen3_bias, Qwen3ForSequenceClassification",
    "qwen3_bias, Qwen3ForTokenClassification",
    "bert_features, BertForSequenceClassification",
    "roberta_mlm, RobertaForSequenceClassification",
    "modernbert_features, ModernBertForSequenceClassification"
  })
  void anAdapterWithoutAConfigurationBringsItsClasses(String family, String architecture)
      throws Exception {
    Path base = family(family);
    Path adapter = folder.resolve("adapter");
    ModelConfig plain = ModelConfig.read(base);
    float[] trained = train(base, classes(plain, architecture), adapter);
    Files.delete(adapter.resolve("config.json"));

    ModelConfig found = AdapterMechanics.of(LoraAdapter.at(adapter)).modelConfig(plain).get();
    assertThat(found.architectures()).containsExactly(architecture);
    assertThat(found.toJson().path("id2label").size()).isEqualTo(3);
    try (Encoder network = load(base, found);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
      assertThat(outputs(network, IDS)).isEqualTo(trained);
    }
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(base, merged);
    try (Encoder network = load(merged, ModelConfig.read(merged))) {
      float[] written = outputs(network, IDS);
      for (int i = 0; i < written.length; i++) {
        assertThat(Math.abs(written[i] - trained[i])).isLessThan(1e-4f);
      }
    }
  }

  @Test
  void aBaseWithAHeadOfItsOwnKeepsItsConfiguration() throws Exception {
    Path base = family("llama_linear");
    Path adapter = folder.resolve("adapter");
    ModelConfig classes = classes(ModelConfig.read(base), "LlamaForSequenceClassification");
    train(base, classes, adapter);
    Files.delete(adapter.resolve("config.json"));
    assertThat(AdapterMechanics.of(LoraAdapter.at(adapter)).modelConfig(classes)).isEmpty();
  }

  private static ModelConfig classes(ModelConfig plain, String architecture) {
    ObjectNode names = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < 3; i++) {
      names.put(Integer.toString(i), "name" + i);
    }
    return plain
        .with("architectures", JsonNodeFactory.instance.arrayNode().add(architecture))
        .with("id2label", names);
  }

  private static float[] train(Path base, ModelConfig classes, Path adapter) {
    try (Encoder network = load(base, classes);
        Adaptation adaptation = Methods.of(Lora.rank(2)).attach(network, base, 1)) {
      adaptation.save(adapter);
      return outputs(network, IDS);
    }
  }

  private static Encoder load(Path base, ModelConfig config) {
    Encoder network = Architectures.declareEncoder(config);
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      network.initializeNew(NewParameters.missing(network, checkpoint));
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      NewParameters.initialize(network, 4);
    }
    return network;
  }
}
