import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.SmolLm;
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
import java.util.stream.IntStream;

/**
 * Cost of DPO relative to supervised steps on the same tokens, with LoRA of rank 16 on a
 * 135M-parameter model in bf16: seconds per step and peak memory, with the reference model run in
 * every step or beforehand. The cases alternate, each in its own process; the best round of each
 * counts.
 */
public final class PreferenceBenchmark {

  static final String OPTIONS = "--pairs 2 --length 256 --steps 5 --warmup 2 --rounds 2";
  private static final List<String> WAYS =
      List.of(PreferenceCase.SUPERVISED, PreferenceCase.DPO, PreferenceCase.PRECOMPUTED);

  private static final double DPO_TIME = 2.2;
  private static final double PRECOMPUTED_TIME = 1.3;
  private static final double MEMORY = 1.25;

  private PreferenceBenchmark() {}

  /**
   * The best of a case's rounds.
   *
   * @param seconds seconds per step
   * @param peak peak RSS in bytes
   */
  private record Cost(double seconds, double peak) {

    Cost or(Cost other) {
      return new Cost(Math.min(seconds, other.seconds), Math.min(peak, other.peak));
    }
  }

  /**
   * Options: {@code --pairs} per batch, {@code --length} tokens per answer with its prompt, {@code
   * --steps}, {@code --warmup}, {@code --rounds}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int rounds = arguments.number("--rounds", 1);
    List<List<Cost>> costs =
        IntStream.range(0, rounds)
            .mapToObj(round -> WAYS.stream().map(way -> cost(way, arguments)).toList())
            .toList();
    Cost supervised = best(costs, 0);
    Cost dpo = best(costs, 1);
    Cost precomputed = best(costs, 2);
    Report report = new Report("DPO beside supervised steps, SmolLM2-135M's shape, random weights");
    report.line(
        "setting",
        "bf16, LoRA r=16, %d pairs x %d tokens a side, half of them prompt; median of %d steps,"
            + " best of %d rounds",
        arguments.number("--pairs", 1),
        arguments.number("--length", 4),
        arguments.number("--steps", 1),
        rounds);
    line(report, "supervised", supervised);
    line(report, "DPO", dpo);
    line(report, "DPO precomputed", precomputed);
    report.atMost("DPO time", dpo.seconds() / supervised.seconds(), DPO_TIME, "of supervised");
    report.atMost(
        "precomputed time",
        precomputed.seconds() / supervised.seconds(),
        PRECOMPUTED_TIME,
        "of supervised");
    double memory = dpo.peak() / supervised.peak();
    report.line(
        "DPO memory",
        "%.3f of supervised (target: at most %.2f) %s",
        memory,
        MEMORY,
        Report.verdict(memory <= MEMORY));
    report.print();
  }

  private static Cost cost(String way, Arguments arguments) {
    OwnProcess process = OwnProcess.run(PreferenceCase.class, arguments.with("--way", way));
    return new Cost(process.number(PreferenceCase.SECONDS), process.peak());
  }

  private static Cost best(List<List<Cost>> costs, int way) {
    return costs.stream().map(round -> round.get(way)).reduce(Cost::or).orElseThrow();
  }

  private static void line(Report report, String name, Cost cost) {
    report.line(name, "%.3f s a step, %.2f GB peak resident", cost.seconds(), cost.peak() / 1e9);
  }

  /**
   * One way to step over the same tokens, in its own process: prints the median seconds per step
   * and the peak RSS.
   */
  static final class PreferenceCase {

    static final String SUPERVISED = "supervised";
    static final String DPO = "dpo";
    static final String PRECOMPUTED = "precomputed";

    static final String SECONDS = "seconds ";

    private static final int RANK = 16;

    private PreferenceCase() {}

    /** Runs a case; the options are the benchmark's and {@code --way}. */
    public static void main(String[] line) {
      Arguments arguments = Arguments.parse(line, PreferenceBenchmark.OPTIONS + " --way");
      String way = arguments.text("--way");
      PreferenceBatch batch =
          batch(arguments.number("--pairs", 1), arguments.number("--length", 4));
      int steps = arguments.number("--steps", 1);
      int warmup = arguments.number("--warmup", 0);
      double seconds;
      try (Decoder decoder = SmolLm.random(DType.BF16);
          Adaptation adaptation =
              Methods.of(Lora.rank(RANK)).attach(decoder, Path.of("random"), 1)) {
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
      OwnProcess.printPeak();
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
            new PreferenceSample(
                answered(prompt, length, random), answered(prompt, length, random)));
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
}
