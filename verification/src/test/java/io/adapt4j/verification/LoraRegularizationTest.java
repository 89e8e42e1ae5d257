package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.regularize.Penalties;
import io.adapt4j.core.internal.regularize.PenaltyRun;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.train.Penalty;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Regularizations of an adapter on the real small model. */
class LoraRegularizationTest {

  private static final Path MODEL = example("models/stories260K");
  private static final Dataset STORIES =
      Datasets.jsonl(example("data/tinystories/stories.jsonl")).take(8);

  @TempDir private Path folder;

  @Test
  void theAdapterSwitchedOffIsTheCopyOfTheBaseThatOtherMethodsNeed() {
    try (Decoder decoder = load();
        Tokenizer tokenizer = Tokenizer.load(MODEL);
        Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, MODEL, 1)) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).build();
      long before = Tensor.live();
      try (Penalty off = start(decoder, adaptation, encoder)) {
        assertThat(Tensor.live()).isEqualTo(before);
        assertThat(off.add(0, 0)).isCloseTo(0, within(1e-6));
        fill(adaptation, 0.05f);
        double value = off.add(0, 0);
        double norm = norm(adaptation);
        TensorLists.zero(gradients(adaptation));
        try (Penalty copied = start(decoder, new WithoutSwitch(adaptation), encoder)) {
          assertThat(copied.add(0, 0)).isEqualTo(value).isPositive();
          assertThat(norm(adaptation)).isEqualTo(norm).isPositive();
        }
      }
    }
  }

  @Test
  void anOutputLayerThatTrainsIsHeldToTheBasesToo() {
    try (Decoder decoder = load();
        Tokenizer tokenizer = Tokenizer.load(MODEL);
        Adaptation adaptation =
            Methods.of(Lora.rank(4).modulesToSave("lm_head")).attach(decoder, MODEL, 1)) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).build();
      try (Penalty penalty = start(decoder, adaptation, encoder)) {
        assertThat(penalty.add(0, 0)).isCloseTo(0, within(1e-6));
        Trainable head = adaptation.trained().get(adaptation.trained().size() - 1);
        TensorLists.scale(List.of(head.value()), 1.5);
        adaptation.refresh();
        assertThat(penalty.add(0, 0)).isPositive();
      }
    }
  }

  static Stream<Regularization> terms() {
    return Stream.of(
        Regularization.klToBase(STORIES).strength(1),
        Regularization.ewc(STORIES).strength(10),
        Regularization.l2ToBase(1));
  }

  @ParameterizedTest
  @MethodSource("terms")
  void anInterruptedRunEndsInTheSameAdapter(Regularization term) throws IOException {
    Map<Integer, Double> whole = new TreeMap<>();
    Path expected = tuner("whole", whole).regularize(term).build().run().last();
    Map<Integer, Double> parts = new TreeMap<>();
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 2) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner("cut", parts).listener(stop).regularize(term).build();
    running[0].run();
    Path found = tuner("cut", parts).regularize(term).resume().build().run().last();
    assertThat(parts).isEqualTo(whole).hasSize(4);
    assertThat(Files.readAllBytes(found.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.resolve("adapter_model.safetensors")));
  }

  private FineTuner.Builder tuner(String output, Map<Integer, Double> losses) {
    return FineTuner.builder()
        .model(ModelSource.path(MODEL))
        .dataset(Datasets.jsonl(example("data/shakespeare/passages.jsonl")).take(16))
        .method(Lora.rank(4).dropout(0.1))
        .epochs(1)
        .batchSize(4)
        .maxLength(48)
        .learningRate(5e-3)
        .precision(Precision.FP32)
        .evaluateEvery(Interval.steps(4))
        .output(folder.resolve(output))
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                losses.put(event.step(), event.loss() + event.penalty());
              }
            });
  }

  private static Penalty start(Decoder decoder, Adaptation adaptation, ExampleEncoder encoder) {
    return Penalties.start(
        Regularization.klToBase(STORIES).strength(2),
        new PenaltyRun(decoder, adaptation, MODEL, encoder, Optional.empty(), 4, false, 1));
  }

  private static Decoder load() {
    Decoder decoder = Architectures.declareDecoder(ModelConfig.read(MODEL));
    try (Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  private static void fill(Adaptation adaptation, float value) {
    try (Tensor tensor = Tensor.of(new float[] {value}, 1)) {
      adaptation.trained().forEach(trained -> trained.value().copyFrom(tensor));
    }
    adaptation.refresh();
    TensorLists.zero(gradients(adaptation));
  }

  private static List<Tensor> gradients(Adaptation adaptation) {
    return adaptation.trained().stream().map(Trainable::gradient).toList();
  }

  private static double norm(Adaptation adaptation) {
    return TensorLists.norm(gradients(adaptation));
  }

  /** An adaptation that cannot be switched off. */
  private record WithoutSwitch(Adaptation inner) implements Adaptation {

    @Override
    public List<Trainable> trained() {
      return inner.trained();
    }

    @Override
    public void refresh() {
      inner.refresh();
    }

    @Override
    public void save(Path target) {
      inner.save(target);
    }

    @Override
    public void restore(Path source) {
      inner.restore(source);
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
