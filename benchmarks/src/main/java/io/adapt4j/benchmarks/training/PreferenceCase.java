package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.task.preference.PairLoss;
import io.adapt4j.core.internal.task.preference.PreferenceBatch;
import io.adapt4j.core.internal.task.preference.PreferencePairs;
import io.adapt4j.core.internal.task.preference.PreferenceSample;
import io.adapt4j.core.internal.task.preference.ReferenceModel;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * One way to step over the same tokens, in its own process: prints the median seconds per step and
 * the peak RSS.
 */
@InSuite(leftOut = "a part of PreferenceBenchmark")
final class PreferenceCase {

  static final String SUPERVISED = "supervised";
  static final String DPO = "dpo";
  static final String PRECOMPUTED = "precomputed";

  static final String SECONDS = "seconds ";
  static final String PEAK = "peak ";

  private static final int RANK = 16;

  private PreferenceCase() {}

  /** Runs a case; the options are the benchmark's and {@code --way}. */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, PreferenceBenchmark.OPTIONS + " --way");
    String way = arguments.text("--way");
    PreferenceBatch batch = batch(arguments.number("--pairs", 1), arguments.number("--length", 4));
    int steps = arguments.number("--steps", 1);
    int warmup = arguments.number("--warmup", 0);
    double seconds;
    try (Decoder decoder = SmolLm.random(DType.BF16);
        Adaptation adaptation = Methods.of(Lora.rank(RANK)).attach(decoder, Path.of("random"), 1)) {
      if (way.equals(SUPERVISED)) {
        seconds = median(new NextTokens(decoder), adaptation, batch.sides(), steps, warmup);
      } else {
        PreferencePairs task =
            new PreferencePairs(
                decoder,
                PairLoss.of(PreferenceLoss.dpo(0.1)),
                ReferenceModel.withoutAdapter(decoder, adaptation),
                BestModelMetric.BY_LOSS);
        PreferenceBatch asked =
            way.equals(PRECOMPUTED)
                ? batch.withReference(
                    ReferenceModel.withoutAdapter(decoder, adaptation).logProbs(batch.sides()))
                : batch;
        seconds = median(task, adaptation, asked, steps, warmup);
      }
    }
    System.out.println(SECONDS + String.format(Locale.ROOT, "%.4f", seconds));
    System.out.println(PEAK + Machine.peakResident());
  }

  private static <B> double median(
      TrainingTask<B> task, Adaptation adaptation, B batch, int steps, int warmup) {
    try (TrainingStep<B> step = new TrainingStep<>(task, adaptation, SmolLm.settings(false))) {
      return Timing.ofSteps(step, batch, task.weight(batch), warmup, steps).median();
    }
  }

  /** Returns random tokens, with the first half of each row as prompt. */
  private static PreferenceBatch batch(int pairs, int length) {
    SplittableRandom random = new SplittableRandom(7);
    List<PreferenceSample> samples = new ArrayList<>();
    int[] numbers = new int[pairs];
    float[] weights = new float[pairs];
    for (int pair = 0; pair < pairs; pair++) {
      int[] prompt = random.ints(length / 2, 0, SmolLm.VOCABULARY).toArray();
      samples.add(
          new PreferenceSample(answered(prompt, length, random), answered(prompt, length, random)));
      numbers[pair] = pair;
      weights[pair] = 1;
    }
    return PreferenceBatch.of(samples, numbers, weights, 0);
  }

  private static TrainingSample answered(int[] prompt, int length, SplittableRandom random) {
    int[] ids = Arrays.copyOf(prompt, length);
    for (int i = prompt.length; i < length; i++) {
      ids[i] = random.nextInt(SmolLm.VOCABULARY);
    }
    int[] labels = ids.clone();
    Arrays.fill(labels, 0, prompt.length, TrainingSample.IGNORED);
    return new TrainingSample(ids, labels);
  }
}
