package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Native steps sample from a copy of the adapter over quantized weights while these train. */
class RolloutsAheadOverQuantizedBaseTest {

  private static final Path BASE = Path.of("..", "examples", "models", "stories260K");

  @TempDir private Path folder;

  static Arguments[] methods() {
    return new Arguments[] {
      Arguments.of("plain", Lora.rank(4), Precision.FP32),
      Arguments.of("plain in bf16", Lora.rank(4), Precision.BF16),
      Arguments.of("4 bits", QLora.nf4().doubleQuant(true).rank(4), Precision.FP32),
      Arguments.of("8 bits", QLora.of(Quantization.int8(), Lora.rank(4)), Precision.FP32)
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("methods")
  void whereNothingIsLearnedTheRunEqualsTheOneInTurns(
      String name, FineTuningMethod method, Precision precision) {
    long before = Tensor.live();
    List<Double> turns = losses("turns", grpo().build(), method, precision, 1e-30);
    List<Double> ahead = losses("ahead", grpo().rolloutsAhead().build(), method, precision, 1e-30);
    assertThat(ahead).isEqualTo(turns);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("methods")
  void aRunRepeatsToTheBit(String name, FineTuningMethod method, Precision precision) {
    List<Double> first = losses("first", grpo().rolloutsAhead().build(), method, precision, 1e-2);
    List<Double> again = losses("again", grpo().rolloutsAhead().build(), method, precision, 1e-2);
    List<Double> turns = losses("in turns", grpo().build(), method, precision, 1e-2);
    assertThat(again).isEqualTo(first).isNotEqualTo(turns);
  }

  private static Grpo.Builder grpo() {
    return Grpo.builder()
        .reward("e", (prompt, text, fields) -> text.chars().filter(c -> c == 'e').count())
        .promptsPerRollout(2)
        .groupSize(8)
        .maxNewTokens(12);
  }

  private List<Double> losses(
      String name, Grpo grpo, FineTuningMethod method, Precision precision, double rate) {
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            losses.add(event.loss());
            losses.add(event.gradientNorm());
            losses.add(event.metrics().get("reward"));
          }
        };
    FineTuner.builder()
        .model(ModelSource.path(BASE))
        .task(Task.reinforcement(grpo))
        .dataset(
            Datasets.of(
                Stream.of("Lily saw", "Tom had", "Sue was", "Ben saw")
                    .<Example>map(Example.Text::new)
                    .toList()))
        .method(method)
        .precision(precision)
        .batchSize(8)
        .epochs(3)
        .learningRate(rate)
        .weightDecay(0)
        .output(folder.resolve(name))
        .listener(listener)
        .build()
        .run();
    return losses;
  }
}
